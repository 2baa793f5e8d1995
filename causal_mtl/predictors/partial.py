"""Labels of which a person gives some: the rest is predicted around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from causal_mtl.data import (
    Annotation,
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    SpanAnnotation,
)
from causal_mtl.models import TaskGraph
from causal_mtl.tasks import Task

Annotate = Callable[[Sequence[Instance]], list[dict[str, Annotation]]]
"""Predicts instances; annotations that they have are set."""


def complete(instances: Sequence[Instance], tasks: TaskGraph, annotate: Annotate) -> Sequence[Instance]:
    """The instances with the rest of what is given in part: a pass for each such task, in order of the graph."""
    names = [task.name for task in tasks]
    for number, name in enumerate(names):
        partial = [index for index, one in enumerate(instances) if _partial(one, [name])]
        if not partial:
            continue
        # A later task that is given in part is predicted here, as if nothing were given.
        bare = [_without(instances[i], [name, *_partial(instances[i], names[number + 1 :])]) for i in partial]
        instances = list(instances)
        for index, predicted in zip(partial, annotate(bare), strict=True):
            given = instances[index].annotations
            whole = completed(given[name], predicted[name], tasks[name])
            instances[index] = replace(instances[index], annotations={**given, name: whole})
    return instances


def completed(given: Annotation, predicted: Annotation, task: Task) -> Annotation:
    """What is given, and of what is predicted that which does not contradict it.

    Spans go that may not be found beside a given one (`Task.compatible`); relations between the same
    mentions may hold beside each other, as may labels. What is given has no score, or as a label the score
    1.

    Args:
        given: partial.
        predicted: by the model, from the text and what else is given.
        task: of both.
    """
    if isinstance(given, SpanAnnotation) and isinstance(predicted, SpanAnnotation):
        others = [span for span in predicted.spans if all(task.compatible(one, span) for one in given.spans)]
        return SpanAnnotation(tuple(sorted([*given.spans, *others])))
    if isinstance(given, RelationAnnotation) and isinstance(predicted, RelationAnnotation):
        known = {_places(relation) for relation in given.relations}
        rest = [relation for relation in predicted.relations if _places(relation) not in known]
        return RelationAnnotation((*given.relations, *rest))
    if isinstance(given, LabelAnnotation) and isinstance(predicted, LabelAnnotation):
        found = dict(zip(predicted.labels, predicted.scores or (), strict=True))
        scores = {
            **dict.fromkeys(given.labels, 1.0),
            **{k: v for k, v in found.items() if k not in given.labels},
        }
        return LabelAnnotation(tuple(scores), tuple(scores.values()))
    return replace(given, partial=False)


def _places(relation: Relation) -> tuple[int, int, str, int, int]:
    head, tail = relation.head, relation.tail
    return head.start, head.end, relation.label, tail.start, tail.end


def _partial(instance: Instance, names: Iterable[str]) -> list[str]:
    given = instance.annotations
    return [name for name in names if name in given and given[name].partial]


def _without(instance: Instance, names: Sequence[str]) -> Instance:
    kept = {name: one for name, one in instance.annotations.items() if name not in names}
    return replace(instance, annotations=kept)
