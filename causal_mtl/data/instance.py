"""One sentence (or document) with its labels: what readers yield, tasks learn from and predictors write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it stands in the text: ``text[start:end]`` (characters, end exclusive)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A labelled run of tokens ``[start, end)``; `score` is None for gold and never compared."""

    start: int
    end: int
    label: str
    score: float | None = field(default=None, compare=False)

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a token."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """A labelled, ordered pair of spans; `score` is None for gold and never compared."""

    head: Span
    label: str
    tail: Span
    score: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SpanAnnotation:
    """The spans of one sentence for one task.

    Attributes:
        spans: the spans, possibly overlapping.
        unplaced: ``(text, label)`` of gold mentions that could not be found in the text; they stay in the
            denominator of recall.
        by_text: the data gives mention *strings*, so evaluation compares text and not offsets.
        partial: others are not ruled out: they are to be predicted (only of labels that a person gives).
    """

    spans: tuple[Span, ...] = ()
    unplaced: tuple[tuple[str, str], ...] = ()
    by_text: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class RelationAnnotation:
    """The relations of one sentence for one task.

    Attributes:
        relations: the relations whose two mentions were placed.
        unplaced: ``(head text, label, tail text)`` of the others; they stay in the denominator of recall.
        by_text: the data gives mention *strings*, so evaluation compares text and not offsets.
        partial: others are not ruled out: they are to be predicted (only of labels that a person gives).
    """

    relations: tuple[Relation, ...] = ()
    unplaced: tuple[tuple[str, str, str], ...] = ()
    by_text: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class LabelAnnotation:
    """The labels of one whole text for one task, with their scores where predicted.

    `partial` is as in `SpanAnnotation`. Where `uncertain`, a person gives `scores` as their probabilities.
    """

    by_text: ClassVar[bool] = False

    labels: tuple[str, ...] = ()
    scores: tuple[float, ...] | None = field(default=None, compare=False)
    partial: bool = False
    uncertain: bool = False


Annotation = SpanAnnotation | RelationAnnotation | LabelAnnotation


def labels_of(annotation: Annotation) -> list[str]:
    """The label of everything that `annotation` holds, unplaced gold included."""
    if isinstance(annotation, LabelAnnotation):
        return list(annotation.labels)
    if isinstance(annotation, SpanAnnotation):
        return [span.label for span in annotation.spans] + [label for _, label in annotation.unplaced]
    return [relation.label for relation in annotation.relations] + [
        label for _, label, _ in annotation.unplaced
    ]


def scores_of(annotation: Annotation) -> list[float]:
    """The scores of everything that `annotation` holds, where it has any."""
    if isinstance(annotation, LabelAnnotation):
        return list(annotation.scores or ())
    items = annotation.spans if isinstance(annotation, SpanAnnotation) else annotation.relations
    return [item.score for item in items if item.score is not None]


def items_of(annotation: Annotation) -> Iterator[tuple[float | None, Annotation]]:
    """Each item that was placed as an annotation of its own, with its score; None: it has none."""
    if isinstance(annotation, LabelAnnotation):
        scores = annotation.scores or (None,) * len(annotation.labels)
        for label, score in zip(annotation.labels, scores, strict=True):
            yield score, LabelAnnotation((label,))
    elif isinstance(annotation, SpanAnnotation):
        yield from ((span.score, SpanAnnotation((span,))) for span in annotation.spans)
    else:
        yield from ((found.score, RelationAnnotation((found,))) for found in annotation.relations)


@dataclass(slots=True)
class Instance:
    """One text for all tasks.

    Attributes:
        text: the text as it was given.
        tokens: its tokens, in order; their offsets point into `text`.
        annotations: one annotation per task, by task name; a task that is absent is not annotated here.
        metadata: what the input carried besides (written back by `predict`).
        notes: what the reader had to correct, counted by a short phrase, such as ``{"duplicate relation": 1}``.
    """

    text: str
    tokens: list[Token]
    annotations: dict[str, Annotation] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.tokens)

    def span_text(self, span: Span) -> str:
        """The words of `span` with single blanks between: what is compared where data gives strings."""
        return " ".join(token.text for token in self.tokens[span.start : span.end])
