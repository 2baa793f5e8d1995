"""What can be set otherwise in a text: its label, one of its labels, a mention's type, a relation's label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from causal_mtl.common import ConfigurationError
from causal_mtl.data import (
    Annotation,
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
)
from causal_mtl.tasks import Task

Item = TypeVar("Item", Span, Relation)

NONE = "(none)"
"""Where a mention or a relation is taken away."""


@dataclass(frozen=True)
class Unit:
    """One thing that is set to each of several values in turn.

    Attributes:
        case: index of its text.
        factual: which of the values it has in gold; None where that is not known.
        annotations: the whole annotation of the text's task with each of the values.
        span: the mention (of a relation: the head) at which outcomes are looked at; None: the whole text.
        focus: the label of many that is set to hold or not; "" where the values are labels themselves.
    """

    case: int
    factual: int | None
    annotations: Sequence[Annotation]
    span: Span | None = None
    focus: str = ""


@dataclass(frozen=True)
class Family:
    """Units with the same values.

    Attributes:
        values: what a unit is set to.
        labels: so many values, from the first on, are labels whose effects are estimated; the others only stand
            against them.
        units: in the order of their texts.
        skipped: mentions or relations that are no units, as none of those at one place can be set by itself.
    """

    values: Sequence[str]
    labels: int
    units: Sequence[Unit]
    skipped: int = 0


def families(instances: Sequence[Instance], task: Task, labels: Sequence[str]) -> list[Family]:
    """Everything that can be set, from gold.

    - Of a task with exactly one label a text: the label. One family; texts without gold are in it.
    - Of one with any number of labels a text: each label, there or not, the others as in gold. One family a
      label.
    - Of mentions: the type of each, or that there is none; the other mentions as in gold. One family.
    - Of relations: the label of each, or that there is none. One family.

    Mentions of the same words and relations between the same mentions are skipped: where one is set to the label
    of another, it is only taken away. So are mentions that share words, under a task that cannot hold both.

    Args:
        instances: with gold; those that are not annotated for `task` have no units, unless it is exclusive.
        task: the source.
        labels: all of its labels.

    Raises:
        ConfigurationError: there is nothing to set.
    """
    if task.yields == "labels" and task.exclusive:
        found = [Family(labels, len(labels), list(_of_texts(instances, task, labels)))]
    elif task.yields == "labels":
        found = [
            Family([label, f"not {label}"], 1, list(_of_label(instances, task, label))) for label in labels
        ]
    else:
        values = [*labels, NONE]
        units = list(_of_items(instances, task, values))
        golds = [instance.annotations.get(task.name) for instance in instances]
        number = sum(len(getattr(gold, task.yields, ())) for gold in golds)
        found = [Family(values, len(labels), units, number - len(units))]
    if not any(family.units for family in found):
        raise ConfigurationError(
            f"the data has no {task.yields} of the task {task.name!r} that could be set otherwise"
        )
    return found


def _of_texts(instances: Sequence[Instance], task: Task, labels: Sequence[str]) -> Iterator[Unit]:
    annotations = [LabelAnnotation((label,)) for label in labels]
    for case, instance in enumerate(instances):
        gold = instance.annotations.get(task.name)
        label = gold.labels[0] if isinstance(gold, LabelAnnotation) and gold.labels else None
        yield Unit(case, labels.index(label) if label in labels else None, annotations)


def _of_label(instances: Sequence[Instance], task: Task, label: str) -> Iterator[Unit]:
    for case, instance in enumerate(instances):
        gold = instance.annotations.get(task.name)
        if isinstance(gold, LabelAnnotation):
            others = tuple(other for other in gold.labels if other != label)
            with_and_without = [LabelAnnotation((*others, label)), LabelAnnotation(others)]
            yield Unit(case, 0 if label in gold.labels else 1, with_and_without, focus=label)


def _of_items(instances: Sequence[Instance], task: Task, values: Sequence[str]) -> Iterator[Unit]:
    for case, instance in enumerate(instances):
        gold = instance.annotations.get(task.name)
        if isinstance(gold, SpanAnnotation):
            spans = gold.spans
            for index, span in enumerate(spans):
                if _is_double(span, spans) or (
                    not task.holds_overlaps and sum(map(span.overlaps, spans)) > 1
                ):
                    continue  # one of them would be dropped, whatever it is set to
                kept = _swapped(spans, index, values)
                yield Unit(case, _index(values, span.label), [replace(gold, spans=k) for k in kept], span)
        elif isinstance(gold, RelationAnnotation):
            relations = gold.relations
            for index, relation in enumerate(relations):
                if _is_double(relation, relations):
                    continue
                changed = [replace(gold, relations=kept) for kept in _swapped(relations, index, values)]
                yield Unit(case, _index(values, relation.label), changed, relation.head)


def _swapped(items: tuple[Item, ...], index: int, values: Sequence[str]) -> list[tuple[Item, ...]]:
    """The items with the label of one of them changed to each value, or without it."""
    before, item, after = items[:index], items[index], items[index + 1 :]
    return [before + (() if value == NONE else (replace(item, label=value),)) + after for value in values]


def _is_double(item: Item, items: Sequence[Item]) -> bool:
    return sum(_ends(item) == _ends(other) for other in items) > 1


def _ends(item: Span | Relation) -> tuple[int, ...]:
    if isinstance(item, Span):
        return item.start, item.end
    return *_ends(item.head), *_ends(item.tail)


def _index(values: Sequence[str], label: str) -> int | None:
    return values.index(label) if label in values else None
