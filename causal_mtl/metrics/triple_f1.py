"""Triples of head, relation and tail."""

from __future__ import annotations

from collections.abc import Hashable, Set
from typing import Any, Literal

from causal_mtl.metrics.matching import Item, MatchingMetric
from causal_mtl.metrics.metric import Metric

Mode = Literal["exact", "partial", "last_token", "strict", "boundaries"]


@Metric.register("triple_f1")
class TripleF1(MatchingMetric):
    """Micro P/R/F1 of triples: `exact_f1`, `partial_precision`, … Registered with name "triple_f1".

    A triple counts as right if its relation is right and, of both mentions,

    - `exact`, `boundaries`: all words are (two names of the same thing, of two fields' papers);
    - `partial`: the first word is (PMEI);
    - `last_token`: the last word is (CMTL);
    - `strict`: all words and the type are.

    Where gold came as strings without offsets words are compared, else their positions. Gold triples with a
    mention that the reader could not place stay in the denominator of recall.
    """

    def __init__(self, modes: tuple[Mode, ...] = ("exact", "partial")) -> None:
        super().__init__(modes)

    def items(self, annotation: Any, by_text: bool, mode: str, instance: Any) -> Set[Item]:
        """Triples as `(relation, (head, tail))`."""

        def compared(span: Any) -> Hashable:
            if by_text:
                return _part_of_text(instance.span_text(span), mode, span.label)
            return _part_of_span(span, mode)

        placed = {
            (relation.label, (compared(relation.head), compared(relation.tail)))
            for relation in annotation.relations
        }
        unplaced = set()
        for (head, label, tail), before in self.numbered(annotation.unplaced):
            first, second = _part_of_text(head, mode, None), _part_of_text(tail, mode, None)
            unplaced.add((label, ((first, before) if before else first, second)))
        return placed | unplaced


def _part_of_text(text: str, mode: str, label: str | None) -> Hashable:
    words = text.split() or [""]
    if mode == "partial":
        return words[0]
    if mode == "last_token":
        return words[-1]
    return (text, label) if mode == "strict" else text


def _part_of_span(span: Any, mode: str) -> Hashable:
    if mode == "partial":
        return span.start
    if mode == "last_token":
        return span.end - 1
    return (span.start, span.end, span.label) if mode == "strict" else (span.start, span.end)
