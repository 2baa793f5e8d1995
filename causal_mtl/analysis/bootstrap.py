"""How sure a difference of micro F1 is: the paired bootstrap over sentences and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_mtl.common import ConfigurationError

_CELLS = 1 << 22
"""Drawn sentences that are held at a time (32 MiB)."""


@dataclass(frozen=True)
class Interval:
    """A difference and its 95% percentile interval, as fractions of 1.

    Attributes:
        difference: mean F1 of the system's seeds minus mean F1 of the baseline's.
        low: 2.5% of the resampled differences are below.
        high: 2.5% of them are above.
    """

    difference: float
    low: float
    high: float


def micro_f1(counts: NDArray) -> NDArray:
    """F1 of sums of correct, predicted and gold items, `(..., 3)` -> `(...)`; 0 where there are no items."""
    correct, items = counts[..., 0], counts[..., 1] + counts[..., 2]
    return 2 * correct / np.maximum(items, 1)


def paired_bootstrap(
    system: Sequence[NDArray], baseline: Sequence[NDArray], samples: int = 10_000, seed: int = 0
) -> Interval:
    """Compare two systems by the mean micro F1 of their seeds.

    Each sample draws the sentences with replacement, the same ones for both systems, and of each system its
    runs with replacement, as many as there are.

    Args:
        system: one array a run, `(sentences, 3)`: correct, predicted and gold items of each sentence.
        baseline: the same of the other system, on the same sentences.
        samples: how many resamples.
        seed: one seed, one result.

    Raises:
        ConfigurationError: the runs were not counted on the same sentences, or there are none.
    """
    runs = _stacked([*system, *baseline])
    sentences, split = runs.shape[1], len(system)
    by_sentence = runs.transpose(1, 0, 2).reshape(sentences, -1).astype(float)
    generator = np.random.default_rng(seed)
    differences = []
    at_once = max(1, _CELLS // sentences)
    for start in range(0, samples, at_once):
        size = min(at_once, samples - start)
        times = _times_drawn(generator, size, sentences)
        f1 = micro_f1((times @ by_sentence).reshape(size, len(runs), 3))
        differences.append(
            _mean_of_drawn(generator, f1[:, :split]) - _mean_of_drawn(generator, f1[:, split:])
        )
    low, high = np.percentile(np.concatenate(differences), [2.5, 97.5])
    f1 = micro_f1(runs.sum(axis=1))
    return Interval(float(f1[:split].mean() - f1[split:].mean()), float(low), float(high))


def _stacked(runs: Sequence[NDArray]) -> NDArray:
    """The runs as `(runs, sentences, 3)`, if they can be compared sentence by sentence."""
    if len({len(run) for run in runs}) > 1 or not len(runs[0]):
        numbers = ", ".join(str(len(run)) for run in runs)
        raise ConfigurationError(f"only runs on the same sentences can be paired; they have {numbers}")
    stacked = np.stack(runs)
    if (stacked[:, :, 2] != stacked[0, :, 2]).any():
        raise ConfigurationError(
            "only runs on the same gold can be paired; the numbers of gold items of the sentences differ"
        )
    return stacked


def _times_drawn(generator: np.random.Generator, samples: int, sentences: int) -> NDArray:
    """How often each sentence is drawn, `(samples, sentences)`."""
    drawn = generator.integers(sentences, size=(samples, sentences))
    drawn += sentences * np.arange(samples)[:, None]
    return np.bincount(drawn.ravel(), minlength=samples * sentences).reshape(samples, sentences)


def _mean_of_drawn(generator: np.random.Generator, f1: NDArray) -> NDArray:
    """The mean over as many drawn runs as there are, `(samples, runs)` -> `(samples,)`."""
    return np.take_along_axis(f1, generator.integers(f1.shape[1], size=f1.shape), axis=1).mean(axis=1)
