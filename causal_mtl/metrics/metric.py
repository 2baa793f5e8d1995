"""The base of all metrics: counts that add up."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any

from causal_mtl.common import Registrable
from causal_mtl.metrics.measure import Measure


class Metric(Registrable):
    """Counts over sentences, from which measures are computed at the end.

    All state is the integers in `counts`, so that counts of several batches or processes add up.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()

    def __call__(self, predictions: Sequence[Any], golds: Sequence[Any], instances: Sequence[Any]) -> None:
        """Count a batch: one predicted and one gold annotation per sentence; gold None is not annotated."""
        for predicted, gold, instance in zip(predictions, golds, instances, strict=True):
            if gold is not None:
                self.count(predicted, gold, instance)

    @abstractmethod
    def count(self, predicted: Any, gold: Any, instance: Any) -> None:
        """Add one sentence to `counts`."""
        raise NotImplementedError

    @abstractmethod
    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """The measures by name; with `reset` the counts start anew."""
        raise NotImplementedError

    @abstractmethod
    def per_label(self) -> dict[str, dict[str, float]]:
        """The measures of each label by itself."""
        raise NotImplementedError

    def measures(self) -> dict[str, Measure]:
        """How each measure of `get_metric` is shown and compared (default: a number without intervals)."""
        return {name: Measure() for name in self.get_metric()}

    def sums(self, measure: str) -> dict[str, int]:
        """The sums that `measure` is a ratio of, by column (default: ``counts[column,]`` of each)."""
        return {column: self.counts[column,] for column in self.measures()[measure].columns}

    def reset(self) -> None:
        """Forget all counts."""
        self.counts.clear()


def precision_recall_f1(correct: int, predicted: int, gold: int) -> dict[str, float]:
    """Precision, recall and F1; 0 where there is nothing to divide by."""
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    f1 = 2 * correct / (predicted + gold) if predicted + gold else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}
