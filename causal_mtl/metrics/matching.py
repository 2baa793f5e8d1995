"""Micro-averaged precision, recall and F1 of sets of labelled items, in one or several modes of matching."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Set
from typing import Any

from causal_mtl.metrics.measure import Measure, f1_measures
from causal_mtl.metrics.metric import Metric, precision_recall_f1

Item = tuple[str, Hashable]
"""A label and what is compared besides it."""


class MatchingMetric(Metric):
    """Compares the set of predicted items of a sentence with the set of gold items.

    Args:
        modes: the ways to compare; a measure is called `mode_measure`, or `measure` in the mode "".
    """

    def __init__(self, modes: tuple[str, ...]) -> None:
        super().__init__()
        self.modes = modes

    @abstractmethod
    def items(self, annotation: Any, by_text: bool, mode: str, instance: Any) -> Set[Item]:
        """What `annotation` says of a sentence, as compared in `mode`; repeated items count once.

        Gold that could not be placed counts as often as it is given (see `numbered`).
        """
        raise NotImplementedError

    def count(self, predicted: Any, gold: Any, instance: Any) -> None:
        """Add one sentence; gold decides whether mention text or offsets are compared."""
        for mode in self.modes:
            wanted = self.items(gold, gold.by_text, mode, instance)
            given = self.items(predicted, gold.by_text, mode, instance)
            for label, _ in wanted:
                self.counts[mode, label, "gold"] += 1
            for label, _ in given:
                self.counts[mode, label, "predicted"] += 1
            for label, _ in wanted & given:
                self.counts[mode, label, "correct"] += 1

    @staticmethod
    def numbered(unplaced: Iterable[Any]) -> Iterator[tuple[Any, int]]:
        """Gold that could not be placed, each with how often the same was given before it.

        Equal mentions of one sentence stand at different places of it, so each is missed by itself.
        """
        seen: Counter[Any] = Counter()
        for item in unplaced:
            yield item, seen[item]
            seen[item] += 1

    def measures(self) -> dict[str, Measure]:
        """Precision, recall and F1 in every mode."""
        measures = {}
        for mode in self.modes:
            measures.update(f1_measures(f"{mode}_" if mode else ""))
        return measures

    def sums(self, measure: str) -> dict[str, int]:
        """Correct, predicted and gold items of the measure's mode, over all labels."""
        wanted = measure.rpartition("_")[0]
        sums = dict.fromkeys(("correct", "predicted", "gold"), 0)
        for (mode, _, kind), number in self.counts.items():
            if mode == wanted:
                sums[kind] += number
        return sums

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """Micro-averages over all labels."""
        labels = {key[1] for key in self.counts}
        measures = self._measures(labels)
        if reset:
            self.reset()
        return measures

    def per_label(self) -> dict[str, dict[str, float]]:
        """The measures of each label, and the number of its gold items in the first mode as `support`."""
        labels = sorted({key[1] for key in self.counts})
        support = {label: self.counts[self.modes[0], label, "gold"] for label in labels}
        return {label: {**self._measures({label}), "support": support[label]} for label in labels}

    def _measures(self, labels: Set[str]) -> dict[str, float]:
        measures = {}
        for mode in self.modes:
            sums = [
                sum(self.counts[mode, label, kind] for label in labels)
                for kind in ("correct", "predicted", "gold")
            ]
            for name, value in precision_recall_f1(*sums).items():
                measures[f"{mode}_{name}" if mode else name] = value
        return measures
