"""Decision thresholds by label that give the highest micro F1 on labelled data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.bootstrap import micro_f1

_ROUNDS = 50
"""Each round raises F1; a handful is enough."""


@dataclass(frozen=True)
class Thresholds:
    """One for all labels, but for those that have their own."""

    common: float = 0.5
    by_label: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidates:
    """What a model would find at some low threshold, and what there is to be found.

    Attributes:
        labels: names, in the order of the numbers below.
        floor: the low threshold.
        sentence: of each candidate, `(candidates,)`.
        label: its number.
        score: its probability.
        correct: whether gold has it.
        gold: gold items of each sentence and label, `(sentences, labels)`.
    """

    labels: list[str]
    floor: float
    sentence: NDArray[np.int64]
    label: NDArray[np.int64]
    score: NDArray[np.float64]
    correct: NDArray[np.bool_]
    gold: NDArray[np.int64]

    def of_sentences(self, chosen: NDArray[np.bool_]) -> Candidates:
        """Those of the `chosen` sentences, `(sentences,)`."""
        kept = chosen[self.sentence]
        arrays = {name: getattr(self, name)[kept] for name in ("sentence", "label", "score", "correct")}
        return replace(self, **arrays, gold=self.gold * chosen[:, None])

    @property
    def all_found(self) -> NDArray[np.int64]:
        """Correct, predicted and gold items, whatever their scores."""
        return np.array([self.correct.sum(), len(self.correct), self.gold.sum()])

    def found(self, thresholds: Thresholds) -> NDArray[np.int64]:
        """Correct, predicted and gold items."""
        limits = np.array([thresholds.by_label.get(label, thresholds.common) for label in self.labels])
        above = self.score > limits[self.label]
        return np.array([(above & self.correct).sum(), above.sum(), self.gold.sum()])


def tune(candidates: Candidates, start: Thresholds, min_count: int = 50) -> Thresholds:
    """The thresholds with which micro F1 is highest.

    F1 = 2c / (p + g) over all labels is a ratio of sums, so for a given F the best threshold of a label is the one
    with the highest 2c − F p; with those F rises, until it stays (Dinkelbach's method). Labels with fewer than
    `min_count` gold items are too rare to say anything by themselves: they get the common threshold, tuned on all
    of them.

    Args:
        candidates: on the data to tune on.
        start: those of the model; the common one stays where there is nothing to tune it on, and of equally good
            thresholds the one nearest to it is taken.
        min_count: see above.
    """
    rare = candidates.gold.sum(axis=0) < min_count
    group = np.where(rare, -1, np.arange(len(candidates.labels)))[candidates.label]
    steps = {number: _steps(candidates, group == number) for number in np.unique(group)}
    best, f1 = start, _f1(candidates, start)
    for _ in range(_ROUNDS):
        chosen = {number: _best_step(*of_group, f1, start.common) for number, of_group in steps.items()}
        common = chosen.pop(-1, start.common)
        tuned = Thresholds(common, {candidates.labels[number]: limit for number, limit in chosen.items()})
        if _f1(candidates, tuned) <= f1:
            break
        best, f1 = tuned, _f1(candidates, tuned)
    return best


def cross_validated(
    candidates: Candidates, start: Thresholds, min_count: int = 50, folds: int = 10, seed: int = 0
) -> NDArray[np.int64]:
    """Correct, predicted and gold items where the thresholds of each sentence were tuned on the other folds.

    Args:
        candidates: on the data to tune on.
        start: see `tune`.
        min_count: see `tune`.
        folds: sentences are dealt out to so many, at random.
        seed: of the deal.
    """
    fold = np.random.default_rng(seed).permutation(len(candidates.gold)) % folds
    return sum(
        (
            candidates.of_sentences(fold == number).found(
                tune(candidates.of_sentences(fold != number), start, min_count)
            )
            for number in range(folds)
        ),
        start=np.zeros(3, dtype=np.int64),
    )


def _f1(candidates: Candidates, thresholds: Thresholds) -> float:
    return float(micro_f1(candidates.found(thresholds)))


def _steps(candidates: Candidates, chosen: NDArray[np.bool_]) -> tuple[NDArray, NDArray, NDArray]:
    """Thresholds between the scores of the `chosen`, and correct and predicted items above each."""
    order = np.argsort(-candidates.score[chosen], kind="stable")
    scores = candidates.score[chosen][order]
    correct = np.concatenate([[0], np.cumsum(candidates.correct[chosen][order])])
    around = np.concatenate([[1.0], scores, [candidates.floor]])
    limits, apart = (around[:-1] + around[1:]) / 2, around[:-1] > around[1:]
    return limits[apart], correct[apart], np.arange(len(limits))[apart]


def _best_step(limits: NDArray, correct: NDArray, predicted: NDArray, f1: float, near: float) -> float:
    """The threshold with the highest gain, of equal ones the one nearest to `near`."""
    gain = 2 * correct - f1 * predicted
    equal = limits[np.isclose(gain, gain.max(), rtol=0, atol=1e-9)]
    return float(equal[np.abs(equal - near).argmin()])
