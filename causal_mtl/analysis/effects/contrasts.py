"""Equation 10 of the CMTL paper, from what a model predicts under each intervention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

PATHS = ("total", "direct", "indirect")

Predictions = Mapping[tuple[int, int], NDArray[np.float64]]
"""`f(x, x')`, `(units, outcomes)`: with value x handed to heads and value x' to encoders."""


def unit_effects(
    predictions: Predictions, label: int, weights: Mapping[int, float]
) -> dict[str, NDArray[np.float64]]:
    """What setting one value rather than others does in each unit, `(units, outcomes)` by path.

    total = Σ_ā w(ā) [f(a, a) − f(ā, ā)]; direct = Σ_ā w(ā) [f(a, ā) − f(ā, ā)]: what reaches the head
    itself; indirect = Σ_ā w(ā) [f(a, a) − f(a, ā)]: what comes by way of the encoder. The last two add up to
    the first; they are absent where no f(a, ā) is given.

    Args:
        predictions: of all values that are needed.
        label: a.
        weights: of the other values ā, of sum 1; the expectation over them is exact.
    """
    mine = predictions[label, label]
    parts = {path: np.zeros_like(mine) for path in PATHS}
    split = all((label, other) in predictions for other in weights)
    for other, weight in weights.items():
        theirs = predictions[other, other]
        parts["total"] += weight * (mine - theirs)
        if split:
            mixed = predictions[label, other]
            parts["direct"] += weight * (mixed - theirs)
            parts["indirect"] += weight * (mine - mixed)
    return parts if split else {"total": parts["total"]}


def weights_of(label: int, labels: Sequence[int], shares: Sequence[float] | None = None) -> dict[int, float]:
    """The weight of each other value.

    Args:
        label: a, which gets none.
        labels: the values that stand against it.
        shares: how frequent each value is, by its index; None: all alike. If none of the others occurs, they
            are all alike too.
    """
    others = [other for other in labels if other != label]
    raw = [1.0 if shares is None else shares[other] for other in others]
    if not sum(raw):
        raw = [1.0] * len(others)
    return {other: weight / sum(raw) for other, weight in zip(others, raw, strict=True)}
