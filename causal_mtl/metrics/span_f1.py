"""Exact span and type."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from causal_mtl.metrics.matching import Item, MatchingMetric
from causal_mtl.metrics.metric import Metric


@Metric.register("span_f1")
class SpanF1(MatchingMetric):
    """Micro P/R/F1 of labelled spans: `precision`, `recall`, `f1`. Registered with name "span_f1".

    Where gold came as strings without offsets the text of the mention is compared, else its offsets. Gold
    mentions that the reader could not place stay in the denominator of recall.
    """

    def __init__(self) -> None:
        super().__init__(modes=("",))

    def items(self, annotation: Any, by_text: bool, mode: str, instance: Any) -> Set[Item]:
        """Spans as `(label, text)` or `(label, (start, end))`."""
        unplaced: set[Item] = {
            (label, (text, before) if before else text)
            for (text, label), before in self.numbered(annotation.unplaced)
        }
        if by_text:
            return unplaced | {(span.label, instance.span_text(span)) for span in annotation.spans}
        return unplaced | {(span.label, (span.start, span.end)) for span in annotation.spans}
