"""From annotations to what spaCy knows: ``doc.ents``, ``doc.spans``, ``doc.cats``, and relations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import filter_spans

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Annotation, LabelAnnotation, RelationAnnotation, SpanAnnotation
from causal_mtl.integrations.spacy.pieces import Piece
from causal_mtl.integrations.spacy.relations import USER_DATA, pack_span
from causal_mtl.integrations.spacy.settings import Settings
from causal_mtl.models import TaskGraph

Predicted = Sequence[tuple[Piece, Mapping[str, Annotation]]]
"""The pieces of a document, each with its annotations by task."""


def annotate(doc: Doc, predicted: Predicted, tasks: TaskGraph, settings: Settings, component: str) -> None:
    """Write all annotations to `doc`; what this component wrote there before is replaced.

    Raises:
        ConfigurationError: another component has written under the same key, or this one did and the user data,
            which say so, were lost; nothing is written.
    """
    spans = {
        settings.prefix + task.name: _spans(doc, predicted, task.name) for task in tasks if _is_spans(task)
    }
    cats = _labels(predicted, tasks, settings.prefix)
    record = {"spans": list(spans), "cats": list(cats), "relations": _relations(doc, predicted)}
    records = doc.user_data.setdefault(USER_DATA, {})
    before = records.get(component, {"spans": [], "cats": []})
    _check_free("spans", spans, set(doc.spans) - set(before["spans"]))
    _check_free("cats", cats, set(doc.cats) - set(before["cats"]))
    records[component] = record
    for key, found in spans.items():
        scores = [score for _, score in found]
        doc.spans[key] = SpanGroup(doc, name=key, spans=[span for span, _ in found], attrs={"scores": scores})
    doc.cats = {key: score for key, score in doc.cats.items() if key not in before["cats"]} | cats
    entities = settings.entity_task(tasks)
    if entities is not None:
        _set_entities(doc, list(doc.spans[settings.prefix + entities]), settings.overwrite_ents)


def _is_spans(task: Any) -> bool:
    return bool(task.yields == "spans")


def _spans(doc: Doc, predicted: Predicted, task: str) -> list[tuple[Span, float | None]]:
    """The spans of a task, with their scores, in the order of the text."""
    return [
        (piece.span(doc, span.start, span.end, span.label), span.score)
        for piece, annotations in predicted
        if isinstance(annotation := annotations[task], SpanAnnotation)
        for span in annotation.spans
    ]


def _relations(doc: Doc, predicted: Predicted) -> list[list[Any]]:
    """The relations of all tasks as `relations_of` reads them."""
    return [
        [task, relation.label, *(pack_span(end) for end in _ends(doc, piece, relation)), relation.score]
        for piece, annotations in predicted
        for task, annotation in annotations.items()
        if isinstance(annotation, RelationAnnotation)
        for relation in annotation.relations
    ]


def _ends(doc: Doc, piece: Piece, relation: Any) -> list[Span]:
    return [piece.span(doc, end.start, end.end, end.label) for end in (relation.head, relation.tail)]


def _labels(predicted: Predicted, tasks: TaskGraph, prefix: str) -> dict[str, float]:
    """The scores of the labels of the text. Tasks can have labels in common: several are told apart by name."""
    several = sum(task.yields == "labels" for task in tasks) > 1
    return {
        f"{prefix}{task}/{label}" if several else prefix + label: score
        for _, annotations in predicted
        for task, annotation in annotations.items()
        if isinstance(annotation, LabelAnnotation) and annotation.scores is not None
        for label, score in zip(annotation.labels, annotation.scores, strict=True)
    }


def _check_free(where: str, keys: Mapping[str, Any], taken: set[str]) -> None:
    for key in keys:
        if key in taken:
            raise ConfigurationError(
                f"doc.{where}[{key!r}] is there already, from another component, or from this one if the document "
                "was stored without its user data (DocBin needs store_user_data=True); give this one a 'prefix'"
            )


def _set_entities(doc: Doc, spans: list[Span], overwrite: bool) -> None:
    """Put into ``doc.ents`` what fits there: of spans that share a token the longest is taken."""
    found = filter_spans(spans)
    first, second = (found, list(doc.ents)) if overwrite else (list(doc.ents), found)
    taken = {index for span in first for index in range(span.start, span.end)}
    doc.ents = first + [span for span in second if taken.isdisjoint(range(span.start, span.end))]
