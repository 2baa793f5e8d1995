"""Labels of whole texts."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

from causal_mtl.metrics.matching import Item, MatchingMetric
from causal_mtl.metrics.measure import ACCURACY, Measure
from causal_mtl.metrics.metric import Metric

MEASURES = ("precision", "recall", "f1")


class LabelMetric(MatchingMetric):
    """Counts, label by label, the texts that have it in gold, in the prediction, and in both.

    Labels are compared as strings, so gold that training never showed counts as missed.
    """

    def __init__(self) -> None:
        super().__init__(modes=("",))

    def items(self, annotation: Any, by_text: bool, mode: str, instance: Any) -> Set[Item]:
        """Labels, with nothing besides."""
        return {(label, None) for label in annotation.labels}


@Metric.register("multi_label_f1")
class MultiLabelF1(LabelMetric):
    """Micro P/R/F1 of labels that texts have any number of. Registered with name "multi_label_f1".

    The measures are `precision`, `recall` and `f1`, over all pairs of a text and a label.
    """


@Metric.register("single_label_accuracy")
class SingleLabelAccuracy(LabelMetric):
    """Accuracy and macro P/R/F1 where each text has one label. Registered with name "single_label_accuracy".

    The measures are `accuracy`, `macro_precision`, `macro_recall` and `macro_f1`. A macro measure is the plain
    mean over classes of the measure of each class (so `macro_f1` is not the F1 of the two others). The classes
    are those that occur in gold or in the predictions, once or more: a class that is predicted but never gold
    counts, with 0; one that occurs in neither does not count, even if training showed it.
    """

    def measures(self) -> dict[str, Measure]:
        """Accuracy is a ratio of sums over texts; means over classes are none."""
        macro = Measure(percent=True, higher_is_better=True)
        beside = "macro_precision", "macro_recall"
        return {
            "accuracy": ACCURACY,
            **{name: replace(macro, main=False) for name in beside},
            "macro_f1": replace(macro, beside=beside),
        }

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """The share of texts whose label is right, and means over classes; 0 without any text."""
        texts, right = (
            sum(count for (_, _, kind), count in self.counts.items() if kind == wanted)
            for wanted in ("gold", "correct")
        )
        classes = self.per_label().values()
        macro = {
            f"macro_{name}": sum(of_class[name] for of_class in classes) / max(1, len(classes))
            for name in MEASURES
        }
        if reset:
            self.reset()
        return {"accuracy": right / max(1, texts), **macro}
