"""What is in a data set: counts that a person should look at before training."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from causal_mtl.data.instance import (
    Annotation,
    Instance,
    RelationAnnotation,
    Span,
    SpanAnnotation,
    labels_of,
)
from causal_mtl.data.overlap import overlap_kinds
from causal_mtl.data.tag_schemes import TagScheme

Kind = Literal["spans", "relations", "labels"]


@dataclass
class TaskReport:
    """What one task has.

    Attributes:
        kind: of its annotations.
        sentences: with an annotation, an empty one included.
        labels: how often each label is given; unplaced gold is counted too.
        per_sentence: how many sentences have so many labels.
        unplaced: gold that could not be placed in its text.
        flat: spans that tags can hold (they hold no overlaps), or relations between two of these; for data
            that gives strings, strings are counted.
        flat_of: all spans or relations, unplaced ones included, that `flat` is a part of.
        overlapping: spans that flat tags drop because a longer one overlaps them, or relations of these.
        overlaps: sentences by overlap kind (relations only).
        unseen: labels, with their counts, that the known labels lack.
    """

    kind: Kind
    sentences: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    per_sentence: Counter[int] = field(default_factory=Counter)
    unplaced: int = 0
    flat: int = 0
    flat_of: int = 0
    overlapping: int = 0
    overlaps: Counter[str] = field(default_factory=Counter)
    unseen: Counter[str] = field(default_factory=Counter)

    @property
    def ceiling(self) -> float:
        """The recall that flat tags allow at best, 0 to 1 (1 without any gold)."""
        return self.flat / self.flat_of if self.flat_of else 1.0


@dataclass
class Report:
    """What a data set has.

    Attributes:
        lengths: tokens of each instance.
        tasks: by name.
        notes: what the reader had to correct, summed over instances.
        examples: a few instances, to be looked at.
    """

    lengths: list[int] = field(default_factory=list)
    tasks: dict[str, TaskReport] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)
    examples: list[Instance] = field(default_factory=list)

    @property
    def sentences(self) -> int:
        """How many instances there are."""
        return len(self.lengths)

    @property
    def tokens(self) -> int:
        """How many tokens they have together."""
        return sum(self.lengths)

    @property
    def mean_length(self) -> float:
        """Tokens of an instance on average (0 without instances)."""
        return self.tokens / len(self.lengths) if self.lengths else 0.0

    @property
    def median_length(self) -> float:
        """Half of the instances have at most so many tokens."""
        return statistics.median(self.lengths) if self.lengths else 0.0

    @property
    def length_95(self) -> int:
        """95% of the instances have at most so many tokens."""
        ordered = sorted(self.lengths)
        return ordered[-(-len(ordered) * 95 // 100) - 1] if ordered else 0

    @property
    def max_length(self) -> int:
        """Tokens of the longest instance."""
        return max(self.lengths, default=0)

    @property
    def labels(self) -> dict[str, set[str]]:
        """The labels of each task: what `describe` takes as the labels known from training."""
        return {name: set(task.labels) for name, task in self.tasks.items()}


def describe(
    instances: Iterable[Instance],
    *,
    mentions: Mapping[str, str] | None = None,
    known_labels: Mapping[str, Collection[str]] | None = None,
    examples: int = 3,
) -> Report:
    """Count what `instances` have.

    Args:
        instances: any number, read once.
        mentions: for each task of relations, the task whose spans they stand between. By default the first
            task of an instance whose spans include the relations' heads and tails.
        known_labels: by task, the labels of the training data; labels that it lacks are reported as unseen.
            Tasks that it does not name are not checked.
        examples: keep so many of the first instances.
    """
    report = Report()
    for instance in instances:
        report.lengths.append(len(instance))
        report.notes.update(instance.notes)
        if len(report.examples) < examples:
            report.examples.append(instance)
        for name, annotation in instance.annotations.items():
            task = report.tasks.setdefault(name, TaskReport(kind_of(annotation)))
            task.sentences += 1
            labels = labels_of(annotation)
            task.labels.update(labels)
            task.per_sentence[len(labels)] += 1
            if isinstance(annotation, SpanAnnotation):
                _add_spans(task, instance, annotation)
            elif isinstance(annotation, RelationAnnotation):
                _add_relations(task, instance, annotation, (mentions or {}).get(name))
    for name, known in (known_labels or {}).items():
        if name in report.tasks:
            task = report.tasks[name]
            task.unseen = Counter({label: n for label, n in task.labels.items() if label not in known})
    return report


def kind_of(annotation: Annotation) -> Kind:
    """What `annotation` holds."""
    if isinstance(annotation, SpanAnnotation):
        return "spans"
    return "relations" if isinstance(annotation, RelationAnnotation) else "labels"


def _key(instance: Instance, span: Span, by_text: bool) -> Hashable:
    return instance.span_text(span) if by_text else (span.start, span.end)


def _add_spans(task: TaskReport, instance: Instance, annotation: SpanAnnotation) -> None:
    def keys(spans: Iterable[Span]) -> set[Hashable]:
        return {(_key(instance, span, annotation.by_text), span.label) for span in spans}

    kept, _ = TagScheme.drop_overlaps(annotation.spans)
    gold = keys(annotation.spans)
    task.unplaced += len(annotation.unplaced)
    flat = len(gold & keys(kept))
    task.flat += flat
    task.overlapping += len(gold) - flat
    task.flat_of += len(gold) + len(annotation.unplaced)


def _add_relations(
    task: TaskReport, instance: Instance, annotation: RelationAnnotation, mentions: str | None
) -> None:
    triples: set[tuple[Hashable, str, Hashable]] = {
        (_key(instance, r.head, annotation.by_text), r.label, _key(instance, r.tail, annotation.by_text))
        for r in annotation.relations
    }
    kept, _ = TagScheme.drop_overlaps(_mention_spans(instance, annotation, mentions))
    ends = {_key(instance, span, annotation.by_text) for span in kept}
    task.unplaced += len(annotation.unplaced)
    flat = sum(head in ends and tail in ends for head, _, tail in triples)
    task.flat += flat
    task.overlapping += len(triples) - flat
    task.flat_of += len(triples) + len(annotation.unplaced)
    task.overlaps.update(overlap_kinds([*triples, *annotation.unplaced]))


def _mention_spans(
    instance: Instance, annotation: RelationAnnotation, mentions: str | None
) -> Sequence[Span] | set[Span]:
    """All spans that the relations' heads and tails compete with for tags."""
    ends = {span for relation in annotation.relations for span in (relation.head, relation.tail)}
    if mentions is not None:
        candidates = [instance.annotations.get(mentions)]
    else:
        candidates = list(instance.annotations.values())
    for other in candidates:
        if isinstance(other, SpanAnnotation) and (mentions is not None or ends <= set(other.spans)):
            return other.spans
    return ends
