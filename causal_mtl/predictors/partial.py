"""Labels of which a person gives some: the rest is predicted around them."""

from __future__ import annotations

from dataclasses import replace

from causal_mtl.data import Annotation, LabelAnnotation, Relation, RelationAnnotation, SpanAnnotation
from causal_mtl.tasks import Task


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
