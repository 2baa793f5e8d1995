"""How often labels are found together that training never showed together."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Protocol

from causal_mtl.metrics.measure import Measure
from causal_mtl.metrics.ratio import RatioMetric

_GOLD = "gold_"


class CombinationsOf(Protocol):
    """What this metric needs of a link between two tasks."""

    @property
    def other(self) -> str:
        """The name of the other task."""

    def combinations(self, annotations: Mapping[str, Any]) -> list[Any] | None:
        """The combinations of labels of one sentence; None where it is not annotated."""


def inconsistency_measures(other: str) -> dict[str, Measure]:
    """The measures of a link to the task `other`: of predictions, and beside it of gold.

    The columns of the latter are columns of the former, with weight 0, so that they are counted by sentence too.
    """
    name, of_gold = f"inconsistency_{other}", f"{_GOLD}inconsistency_{other}"
    percent = {"percent": True, "higher_is_better": False}
    return {
        of_gold: Measure({"gold_unseen": 1}, {"gold_pairs": 1}, main=False, **percent),  # type: ignore[arg-type]
        name: Measure(
            {"unseen": 1, "gold_unseen": 0},
            {"pairs": 1, "gold_pairs": 0},
            beside=(of_gold,),
            **percent,  # type: ignore[arg-type]
        ),
    }


class Inconsistency(RatioMetric):
    """The share of combinations of labels that training never showed, of predictions and of gold.

    Its predictions and golds are the annotations of *all* tasks of a sentence, by task. Only sentences count
    whose gold is annotated for both tasks, so that the two shares are of the same sentences. Of labels of texts
    each pair counts, of relations each one.

    Args:
        link: finds the combinations.
        seen: in training.
    """

    def __init__(self, link: CombinationsOf, seen: Set[Any]) -> None:
        super().__init__()
        self.link, self.seen = link, seen
        self.ratios = inconsistency_measures(link.other)  # type: ignore[misc]

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """Both shares; nothing at all if no sentence was annotated for both tasks."""
        return super().get_metric(reset) if self.counts else {}

    def count(self, predicted: Any, gold: Any, instance: Any) -> None:
        """Add one sentence."""
        wanted = self.link.combinations(gold)
        if wanted is None:
            return
        for prefix, found in (("", self.link.combinations(predicted) or []), (_GOLD, wanted)):
            self.counts[f"{prefix}pairs",] += len(found)
            self.counts[f"{prefix}unseen",] += sum(one not in self.seen for one in found)
