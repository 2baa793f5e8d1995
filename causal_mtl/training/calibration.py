"""How far the scores of predictions are from how often they are right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from causal_mtl.data import Instance
from causal_mtl.data.instance import Annotation, items_of
from causal_mtl.metrics.matching import MatchingMetric

BINS = 15
"""As in Guo et al. (2017)."""


def calibration(
    metric: MatchingMetric,
    predicted: Sequence[Annotation],
    gold: Sequence[tuple[Annotation | None, Instance]],
) -> dict[str, float]:
    """Compare the scores of what was predicted with how often it is right.

    Of a task with several or no items per text only those that are predicted count, so this is the calibration of
    its precision: what it misses is not seen.

    Args:
        metric: of the task; an item is right if it matches gold in the metric's first mode.
        predicted: one annotation per text. Items without a score (constraints decoded them) do not count.
        gold: one per text, with the text; None is not annotated, and does not count.

    Returns:
        "calibration_error" (ECE: the mean over items of |share of right ones − mean score| in 15 bins of equal
        width), "confidence" (mean score), "right" (share of right items) and "items"; of no item all are 0.
    """
    pairs = [
        (score, right)
        for annotation, (wanted, instance) in zip(predicted, gold, strict=True)
        if wanted is not None
        for score, right in _judged(metric, annotation, wanted, instance)
    ]
    scores, right = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    items = max(1, len(pairs))
    return {
        "calibration_error": expected_calibration_error(scores, right),
        "confidence": float(scores.sum() / items),
        "right": float(right.sum() / items),
        "items": len(pairs),
    }


def expected_calibration_error(
    scores: NDArray[np.float64], right: NDArray[np.float64], bins: int = BINS
) -> float:
    """Σ over bins of |Σ right − Σ scores| / n; 0 without any score.

    Args:
        scores: from 0 to 1, `(n,)`; bin k of K holds those in (k/K, (k+1)/K], the first one 0 too.
        right: 1 or 0, `(n,)`.
        bins: K.
    """
    places = np.clip(np.ceil(scores * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(places, weights=right - scores, minlength=bins)
    return float(np.abs(gaps).sum() / max(1, len(scores)))


def _judged(
    metric: MatchingMetric, predicted: Annotation, gold: Annotation, instance: Instance
) -> Iterator[tuple[float, bool]]:
    """The score of each predicted item, and whether gold has it."""
    mode = metric.modes[0]
    wanted = metric.items(gold, gold.by_text, mode, instance)
    for score, item in items_of(predicted):
        if score is not None:
            yield score, not metric.items(item, gold.by_text, mode, instance).isdisjoint(wanted)
