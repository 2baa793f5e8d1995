"""The library's own JSON form of an instance, which `jsonl` reads and `predict` writes (docs/data.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Annotation, Instance, LabelAnnotation, Relation, Span, SpanAnnotation
from causal_mtl.data.offsets import align_words, join_words
from causal_mtl.data.schema_annotations import AnnotationReader
from causal_mtl.data.strings import expect_text, expect_tokens, tokens_of
from causal_mtl.data.tokenizers import Tokenizer

RESERVED = ("text", "tokens", "annotations")  # all other keys of a record are the user's


def from_json(record: Mapping[str, Any], tokenizer: Tokenizer, *, given: bool = False) -> Instance:
    """The instance that a record describes; `tokenizer` is asked only where the record has no tokens.

    Spans that do not begin and end with a token, and relations of such spans, are kept as ``unplaced`` and
    counted in `notes`.

    Args:
        record: the object.
        tokenizer: of texts without tokens.
        given: annotations are labels that a person gives, of which some may be ``partial``.

    Raises:
        ConfigurationError: the record is not of the schema; the message begins with the path of the key.
    """
    instance = _without_labels(record, tokenizer)
    AnnotationReader(instance, record, given).read()
    return instance


def to_json(instance: Instance, annotations: Mapping[str, Annotation] | None = None) -> dict[str, Any]:
    """The record of `instance`, with other annotations than its own if they are given (predictions).

    `from_json` gives the instance back, its notes aside, with any tokenizer: the tokens are part of the
    record.
    """
    chosen = instance.annotations if annotations is None else annotations
    return {
        **instance.metadata,
        "text": instance.text,
        "tokens": [token.text for token in instance.tokens],
        "annotations": {task: _annotation_to_json(instance, value) for task, value in chosen.items()},
    }


def _without_labels(record: Mapping[str, Any], tokenizer: Tokenizer) -> Instance:
    metadata = {key: value for key, value in record.items() if key not in RESERVED}
    text = expect_text(record["text"], "text") if "text" in record else None
    if "tokens" not in record:
        if text is None:
            raise ConfigurationError("'text' or 'tokens' is missing")
        return Instance(text, tokens_of(text, tokenizer), metadata=metadata)
    words = expect_tokens(record["tokens"], "tokens")
    if text is None:
        text, tokens = join_words(words)
    else:
        tokens = align_words(text, words)
    return Instance(text, tokens, metadata=metadata)


def _annotation_to_json(instance: Instance, annotation: Annotation) -> dict[str, Any]:
    if isinstance(annotation, LabelAnnotation):
        scores = {} if annotation.scores is None else {"scores": list(annotation.scores)}
        return {"labels": list(annotation.labels), **scores}
    value: dict[str, Any]
    if isinstance(annotation, SpanAnnotation):
        value = {"spans": [_span_to_json(instance, span) for span in annotation.spans]}
        unplaced = [{"text": text, "label": label} for text, label in annotation.unplaced]
    else:
        value = {"relations": [_relation_to_json(instance, relation) for relation in annotation.relations]}
        unplaced = [{"head": head, "label": label, "tail": tail} for head, label, tail in annotation.unplaced]
    if unplaced:
        value["unplaced"] = unplaced
    if annotation.by_text:
        value["match"] = "text"
    return value


def _span_to_json(instance: Instance, span: Span) -> dict[str, Any]:
    start, end = instance.tokens[span.start].start, instance.tokens[span.end - 1].end
    return {
        "start": start,
        "end": end,
        "tokens": [span.start, span.end],
        "label": span.label,
        "text": instance.text[start:end],
        **({} if span.score is None else {"score": span.score}),
    }


def _relation_to_json(instance: Instance, relation: Relation) -> dict[str, Any]:
    return {
        "label": relation.label,
        "head": _span_to_json(instance, relation.head),
        "tail": _span_to_json(instance, relation.tail),
        **({} if relation.score is None else {"score": relation.score}),
    }
