"""Which labels of a graph occur together: of two tasks on one text, or a relation and its argument types."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from causal_mtl.data.instance import Annotation, LabelAnnotation, RelationAnnotation
from causal_mtl.data.schema_annotations import UNTYPED

Partner = str | tuple[str, str]
"""What a label occurs with: a label of the other task, or the types of head and tail."""

Combination = tuple[str, Partner]
"""A label and what it occurs with."""


@dataclass(frozen=True)
class Link(ABC):
    """Two tasks whose labels occur together in combinations.

    Attributes:
        task: whose label is the first of a combination; measures of consistency are reported under its name.
        other: the task of what that label occurs with.
        decodable: whether the most likely consistent labels can be found.
    """

    task: str
    other: str
    decodable: bool = True

    joint: ClassVar[bool]
    """Whether both tasks are decoded together; else the head of `task` is told what it may find."""

    @abstractmethod
    def combinations(self, annotations: Mapping[str, Annotation]) -> list[Combination] | None:
        """The combinations of one sentence, by task; None where it is not annotated for the link."""
        raise NotImplementedError

    @abstractmethod
    def partners(self, labels: Sequence[str]) -> list[Partner]:
        """All that a label could occur with, from the labels of the other task."""
        raise NotImplementedError

    @abstractmethod
    def partner(self, value: Any) -> Partner:
        """A partner as configs and files write it.

        Raises:
            ValueError: it is none; the message says what is expected.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class TextLink(Link):
    """A label of `task` and a label of `other` of the same text, such as charge and law article."""

    joint: ClassVar[bool] = True

    def combinations(self, annotations: Mapping[str, Annotation]) -> list[Combination] | None:
        """Every pair of labels, each once; None unless both tasks are annotated."""
        pair = [annotations.get(name) for name in (self.task, self.other)]
        labels = [sorted(set(one.labels)) for one in pair if isinstance(one, LabelAnnotation)]
        return list(product(*labels)) if len(labels) == 2 else None  # type: ignore[arg-type]

    def partners(self, labels: Sequence[str]) -> list[Partner]:
        """The labels of the other task."""
        return list(labels)

    def partner(self, value: Any) -> Partner:
        """A label."""
        if not isinstance(value, str):
            raise ValueError(f"expected a label of {self.other!r}, got {value!r}")
        return value


@dataclass(frozen=True)
class ArgumentLink(Link):
    """A relation and the types of its head and its tail."""

    joint: ClassVar[bool] = False

    def combinations(self, annotations: Mapping[str, Annotation]) -> list[Combination] | None:
        """One of each relation that was placed in the text.

        Where mentions are not annotated, readers may not know their types: such relations tell nothing.
        """
        found = annotations.get(self.task)
        if not isinstance(found, RelationAnnotation):
            return None
        typed = self.other in annotations
        pairs: list[Combination] = []
        for one in found.relations:
            types = one.head.label, one.tail.label
            if typed or UNTYPED not in types:
                pairs.append((one.label, types))
        return pairs if pairs or not found.relations else None

    def partners(self, labels: Sequence[str]) -> list[Partner]:
        """All pairs of types."""
        return list(product(labels, labels))

    def partner(self, value: Any) -> Partner:
        """The types of head and tail, in a list of two."""
        if not isinstance(value, list | tuple) or [type(item) for item in value] != [str, str]:
            raise ValueError(f"expected [type of head, type of tail], got {value!r}")
        return value[0], value[1]
