"""The groups of sentences that papers print scores by: kinds of overlap, numbers of triples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from causal_mtl.data import Instance

By = Literal["overlap", "triples"]

_KINDS = ("Normal", "EPO", "SEO")
_MANY = 5


@dataclass(frozen=True)
class TripleGroups:
    """What the gold of one task says of each sentence.

    Attributes:
        triples: how many different ones there are; 0 also in a sentence that is not annotated.
        overlaps: the kinds of overlap by their first letters: N(ormal), E(PO), S(EO) or ES; "" without a triple.
    """

    triples: Sequence[int]
    overlaps: Sequence[str]

    def masks(self, by: By) -> dict[str, NDArray[np.bool_]]:
        """Which sentences are in which group, `(sentences,)`; a sentence can be in several kinds of overlap.

        Args:
            by: "overlap" (groups Normal, EPO and SEO) or "triples" (groups 1, 2, 3, 4 and 5+).
        """
        if by == "overlap":
            return {kind: np.array([kind[0] in letters for letters in self.overlaps]) for kind in _KINDS}
        capped = np.minimum(self.triples, _MANY)
        return {
            f"{number}+" if number == _MANY else str(number): capped == number
            for number in range(1, _MANY + 1)
        }


def triple_groups(instances: Sequence[Instance], tasks: Iterable[str]) -> dict[str, TripleGroups]:
    """The groups of gold sentences, of each of `tasks` that has relations in any of them.

    Triples are compared as whole mentions, by text or offset as the data says, whatever the modes of the metric.
    """
    from causal_mtl.data import RelationAnnotation, overlap_kinds

    groups = {}
    for task in tasks:
        annotations = [instance.annotations.get(task) for instance in instances]
        if any(isinstance(annotation, RelationAnnotation) for annotation in annotations):
            triples = [_triples(*pair) for pair in zip(instances, annotations, strict=True)]
            kinds = [overlap_kinds(of_sentence) for of_sentence in triples]
            letters = ["".join(kind[0] for kind in _KINDS if kind in found) for found in kinds]
            groups[task] = TripleGroups([len(of_sentence) for of_sentence in triples], letters)
    return groups


def _triples(instance: Instance, annotation: Any) -> set[tuple[Any, str, Any]]:
    """Head, relation and tail as the metric compares them."""
    from causal_mtl.metrics import TripleF1

    if annotation is None:
        return set()
    items: Any = TripleF1().items(annotation, annotation.by_text, "exact", instance)
    return {(head, label, tail) for label, (head, tail) in items}
