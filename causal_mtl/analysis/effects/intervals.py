"""How sure effects are: the bootstrap over cases and seeds, and false discoveries among many effects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CELLS = 1 << 22
"""Drawn cases that are held at a time (32 MiB)."""
_EXACT = 1e-12
"""Effects below are none but for rounding."""


@dataclass(frozen=True)
class Estimates:
    """Means of many quantities with their 95% percentile intervals, each `(quantities,)`.

    One case does not say how much cases vary: both ends are NaN then, and p is 1.

    Attributes:
        mean: over models of the mean over units.
        low: 2.5% of the resampled means are below.
        high: 2.5% of them are above.
        p: two-sided: how often a resampled mean lies on the other side of 0, 2 / (samples + 1) at least.
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p: NDArray[np.float64]

    def interval(self, quantity: int) -> dict[str, float | None]:
        """The ends of one interval as JSON can hold them; None: there is none."""
        ends = {"low": float(self.low[quantity]), "high": float(self.high[quantity])}
        return {name: None if math.isnan(end) else end for name, end in ends.items()}


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made.

    Each sample draws the cases with replacement, with all their units and the same ones for all models. Few cases
    drawn from few vary too little: how far the mean over all models moves is widened, to what Student's t would
    have. What models differ by depends on how they were trained:

    - by their seeds: each sample draws as many models as there are. Few models drawn from few vary too little, and
      how much models vary is itself hardly known from few: their deviations are widened, to what Student's t would
      have. What all models share, such as the sample of training data, the interval does not know.
    - by their training data too (`resampled`): models differ among themselves as their common sample of training
      data differs from others, so their mean is as far from the truth as one of them is from it, and 1/m more for
      m models.

    With one model the interval says nothing about other trainings.

    Attributes:
        samples: how many resamples.
        seed: one seed, one result.
        resampled: each model was trained on a bootstrap sample of the training data (`train_bootstrap`).
    """

    samples: int = 2000
    seed: int = 0
    resampled: bool = False

    def means(self, values: NDArray[np.float64], cases: Sequence[int]) -> Estimates:
        """The mean over units of many quantities, and how sure it is.

        Args:
            values: `(models, units, quantities)`.
            cases: which case each unit is of; units of one case are not independent.
        """
        models, _, quantities = values.shape
        mean = values.mean(axis=(0, 1))
        sums, counts = _by_case(values, cases)
        if len(counts) == 1:
            unknown = np.full(quantities, np.nan)
            return Estimates(mean, unknown, unknown, np.ones(quantities))
        generator = np.random.default_rng(self.seed)
        (of_cases,) = generator.spawn(1)
        drawn = np.empty((self.samples, quantities))
        at_once = max(1, _CELLS // len(counts))
        for start in range(0, self.samples, at_once):
            size = min(at_once, self.samples - start)
            times = _times_drawn(generator, size, len(counts))
            means = (times @ sums).reshape(size, models, quantities) / (times @ counts)[:, None, None]
            means += (_wider(of_cases, size, len(counts)) - 1) * (means.mean(axis=1, keepdims=True) - mean)
            drawn[start : start + size] = self._over_models(generator, means)
        low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
        return Estimates(mean, low, high, _p_values(drawn, mean))

    def _over_models(
        self, generator: np.random.Generator, values: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What the mean over models might be, `(samples, models, quantities)` -> without models."""
        samples, models, _ = values.shape
        centre = values.mean(axis=1)
        if models == 1:
            return centre
        if self.resampled:
            # Standard deviation s √(1 + 1/m), with s that of the models.
            weights = generator.normal(size=(samples, models)) * np.sqrt((1 + 1 / models) / (models - 1))
        else:
            times = generator.multinomial(models, np.full(models, 1 / models), size=samples)
            weights = times / models * np.sqrt(models / (models - 1))
        # Of m models' own spread only m − 1 deviations are known: tails as those of Student's t.
        weights *= np.sqrt((models - 1) / generator.chisquare(models - 1, size=(samples, 1)))
        deviations = np.einsum("sm,smq->sq", weights, values - centre[:, None])
        widened: NDArray[np.float64] = centre + deviations
        return widened


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p-values: calling those below q found makes a share of q of them false, in expectation."""
    order = np.argsort(p)[::-1]
    sorted_ = np.asarray(p, dtype=float)[order]
    ranks = np.arange(len(p), 0, -1)
    adjusted = np.minimum(1.0, np.minimum.accumulate(sorted_ * len(p) / ranks))
    found = np.empty(len(p))
    found[order] = adjusted
    return [float(value) for value in found]


def _by_case(
    values: NDArray[np.float64], cases: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums over the units of each case, `(cases, models × quantities)`, and how many these are, `(cases,)`."""
    _, index = np.unique(np.asarray(cases), return_inverse=True)
    counts = np.bincount(index).astype(float)
    sums = np.zeros((len(counts), values.shape[0], values.shape[2]))
    np.add.at(sums, index, values.transpose(1, 0, 2))
    return sums.reshape(len(counts), -1), counts


def _times_drawn(generator: np.random.Generator, samples: int, cases: int) -> NDArray[np.float64]:
    """How often each case is drawn, `(samples, cases)`."""
    return generator.multinomial(cases, np.full(cases, 1 / cases), size=samples).astype(float)


def _wider(generator: np.random.Generator, samples: int, cases: int) -> NDArray[np.float64]:
    """How many times as far from the mean a sample is with tails as those of Student's t, `(samples, 1, 1)`."""
    wider: NDArray[np.float64] = np.sqrt(cases / generator.chisquare(cases - 1, size=(samples, 1, 1)))
    return wider


def _p_values(drawn: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    below = ((drawn <= _EXACT).sum(axis=0) + 1) / (len(drawn) + 1)
    above = ((drawn >= -_EXACT).sum(axis=0) + 1) / (len(drawn) + 1)
    p = np.minimum(1.0, 2 * np.minimum(below, above))
    p[np.abs(mean) < _EXACT] = 1.0
    return p


def seed_warnings(models: int) -> list[str]:
    """What is to be said of intervals over so many models."""
    one = "one model: the intervals say nothing about trainings with other seeds"
    return [one] if models == 1 else []


def sample_warnings(effects: int, samples: int, fdr: float) -> list[str]:
    """What is to be said where the smallest p of so many samples is too large for one of so many effects."""
    least = 2 / (samples + 1)
    if least * effects < fdr:
        return []
    return [
        f"{samples} samples give no p below {least:.2g}: of {effects} effects one that stands alone cannot be "
        f"found, however large it is; --samples {math.floor(2 * effects / fdr) + 1} is enough"
    ]
