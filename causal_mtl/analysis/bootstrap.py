"""How sure a difference of two systems is: the paired bootstrap over sentences and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.measures import ratio
from causal_mtl.common import ConfigurationError
from causal_mtl.metrics.measure import F1, Measure

_CELLS = 1 << 22
"""Drawn sentences that are held at a time (32 MiB)."""


@dataclass(frozen=True)
class Interval:
    """A difference and its 95% percentile interval, in the unit of the measure (an F1: fractions of 1).

    Attributes:
        difference: mean of the system's seeds minus mean of the baseline's.
        low: 2.5% of the resampled differences are below.
        high: 2.5% of them are above.
    """

    difference: float
    low: float
    high: float


def micro_f1(counts: NDArray) -> NDArray:
    """F1 of sums of correct, predicted and gold items, `(..., 3)` -> `(...)`; 0 where there are no items."""
    return ratio(F1, counts)


def paired_bootstrap(
    system: Sequence[NDArray],
    baseline: Sequence[NDArray],
    samples: int = 10_000,
    seed: int = 0,
    measure: Measure = F1,
) -> Interval:
    """Compare two systems by the mean of a measure over their seeds.

    Each sample draws the sentences with replacement, the same ones for both systems, and of each system its
    runs with replacement, as many as there are.

    Args:
        system: one array per run, `(sentences, columns)`: what was counted in each sentence, in the columns of
            `measure` (of an F1: correct, gold and predicted items).
        baseline: the same of the other system, on the same sentences.
        samples: how many resamples.
        seed: one seed, one result.
        measure: a ratio of sums over sentences; micro F1 by default.

    Raises:
        ConfigurationError: the runs were not counted on the same sentences, or there are none.
    """
    runs = _stacked([*system, *baseline], measure)
    sentences, split = runs.shape[1], len(system)
    by_sentence = runs.transpose(1, 0, 2).reshape(sentences, -1).astype(float)
    generator = np.random.default_rng(seed)
    differences = []
    at_once = max(1, _CELLS // sentences)
    for start in range(0, samples, at_once):
        size = min(at_once, samples - start)
        times = _times_drawn(generator, size, sentences)
        values = ratio(measure, (times @ by_sentence).reshape(size, len(runs), -1))
        differences.append(
            _mean_of_drawn(generator, values[:, :split]) - _mean_of_drawn(generator, values[:, split:])
        )
    low, high = np.percentile(np.concatenate(differences), [2.5, 97.5])
    values = ratio(measure, runs.sum(axis=1))
    return Interval(float(values[:split].mean() - values[split:].mean()), float(low), float(high))


def _stacked(runs: Sequence[NDArray], measure: Measure) -> NDArray:
    """The runs as `(runs, sentences, columns)`, if they can be compared sentence by sentence."""
    if len({len(run) for run in runs}) > 1 or not len(runs[0]):
        numbers = ", ".join(str(len(run)) for run in runs)
        raise ConfigurationError(f"only runs on the same sentences can be paired; they have {numbers}")
    stacked = np.stack(runs)
    if measure.gold:
        gold = stacked[:, :, measure.columns.index(measure.gold)]
        if (gold != gold[0]).any():
            raise ConfigurationError(
                f"only runs on the same gold can be paired; the sentences differ in {measure.gold!r}, "
                "which gold alone decides"
            )
    return stacked


def _times_drawn(generator: np.random.Generator, samples: int, sentences: int) -> NDArray:
    """How often each sentence is drawn, `(samples, sentences)`."""
    drawn = generator.integers(sentences, size=(samples, sentences))
    drawn += sentences * np.arange(samples)[:, None]
    return np.bincount(drawn.ravel(), minlength=samples * sentences).reshape(samples, sentences)


def _mean_of_drawn(generator: np.random.Generator, values: NDArray) -> NDArray:
    """The mean over as many drawn runs as there are, `(samples, runs)` -> `(samples,)`."""
    drawn = generator.integers(values.shape[1], size=values.shape)
    return np.take_along_axis(values, drawn, axis=1).mean(axis=1)
