"""Reads the annotations of a record of the library's own schema: the checking half of `schema`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import (
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
)
from causal_mtl.data.offsets import token_range
from causal_mtl.data.records import expect, expect_key, shown
from causal_mtl.data.strings import expect_label, expect_label_at, expect_task_name

UNTYPED = "entity"  # the label of a mention that has none
_KINDS = ("spans", "relations", "labels")


class AnnotationReader:
    """Reads the annotations of one record into `instance`.

    Args:
        instance: the text.
        record: its record.
        given: they are labels that a person gives: some may be ``partial``, or have ``probabilities``.
    """

    def __init__(self, instance: Instance, record: Mapping[str, Any], given: bool = False) -> None:
        self.instance = instance
        self.partial = ("partial",) if given else ()
        self.probabilities = ("probabilities",) if given else ()
        self.raw = expect(record.get("annotations", {}), dict, "annotations")
        self.has_text = "text" in record
        self.has_tokens = "tokens" in record
        self.spans: dict[str, list[Span | str]] = {}  # by task, in the order given; a string was not placed
        self.labels: dict[tuple[int, int], str] = {}  # of all spans, for relations that name offsets only

    def read(self) -> None:
        """Fill in `instance.annotations` and its notes; ConfigurationError as `schema.from_json`."""
        kinds = {task: self._kind(task) for task in self.raw}
        for task, kind in kinds.items():
            if kind == "spans":
                self.instance.annotations[task] = self._read_spans(task)
        for task, kind in kinds.items():
            if kind == "relations":
                self.instance.annotations[task] = self._read_relations(task)
            elif kind == "labels":
                self.instance.annotations[task] = self._read_labels(task)
        # the order of the record, whatever was read first
        self.instance.annotations = {task: self.instance.annotations[task] for task in self.raw}

    def _kind(self, task: str) -> str:
        value = expect(self.raw[expect_task_name(task, "annotations")], dict, f"annotations.{task}")
        kinds = [kind for kind in _KINDS if kind in value]
        if len(kinds) != 1:
            raise ConfigurationError(
                f"annotations.{task}: expected exactly one of the keys {', '.join(map(repr, _KINDS))}, "
                f"got {', '.join(map(repr, value)) or 'none'}"
            )
        return kinds[0]

    def _read_spans(self, task: str) -> SpanAnnotation:
        value, at = self.raw[task], f"annotations.{task}"
        _check_keys(value, at, "spans", "unplaced", "match", *self.partial)
        self.spans[task] = []
        unplaced: list[tuple[str, str]] = []
        for i, raw in enumerate(expect(value["spans"], list, f"{at}.spans")):
            where = f"{at}.spans[{i}]"
            span = self._span(expect(raw, dict, where), where)
            label = expect_label_at(raw, "label", where)
            self.spans[task].append(span)
            if isinstance(span, Span):
                self.labels.setdefault((span.start, span.end), label)
            else:
                unplaced.append((span, label))
                self.instance.notes["span not on token boundaries"] += 1
        for i, raw in enumerate(expect(value.get("unplaced", []), list, f"{at}.unplaced")):
            where = f"{at}.unplaced[{i}]"
            expect(raw, dict, where)
            unplaced.append((expect_key(raw, "text", str, where), expect_label_at(raw, "label", where)))
        placed = [span for span in self.spans[task] if isinstance(span, Span)]
        unique = tuple(dict.fromkeys(placed))
        if len(unique) < len(placed):
            self.instance.notes["duplicate span"] += len(placed) - len(unique)
        return SpanAnnotation(unique, tuple(unplaced), _by_text(value, at), _partial(value, at))

    def _read_relations(self, task: str) -> RelationAnnotation:
        value, at = self.raw[task], f"annotations.{task}"
        _check_keys(value, at, "relations", "mentions", "unplaced", "match", *self.partial)
        if "mentions" in value:
            expect_key(value, "mentions", str, at)
        relations: list[Relation] = []
        unplaced: list[tuple[str, str, str]] = []
        for i, raw in enumerate(expect(value["relations"], list, f"{at}.relations")):
            where = f"{at}.relations[{i}]"
            _check_keys(expect(raw, dict, where), where, "label", "head", "tail", "score")
            label = expect_label_at(raw, "label", where)
            head, tail = (self._end(raw, key, value, where) for key in ("head", "tail"))
            if isinstance(head, Span) and isinstance(tail, Span):
                relations.append(Relation(head, label, tail, _score(raw, where)))
            else:
                unplaced.append((self._words(head), label, self._words(tail)))
                self.instance.notes["relation not on token boundaries"] += 1
        for i, raw in enumerate(expect(value.get("unplaced", []), list, f"{at}.unplaced")):
            where = f"{at}.unplaced[{i}]"
            expect(raw, dict, where)
            head, tail = (expect_key(raw, key, str, where) for key in ("head", "tail"))
            unplaced.append((head, expect_label_at(raw, "label", where), tail))
        unique = tuple(dict.fromkeys(relations))
        if len(unique) < len(relations):
            self.instance.notes["duplicate relation"] += len(relations) - len(unique)
        return RelationAnnotation(unique, tuple(unplaced), _by_text(value, at), _partial(value, at))

    def _read_labels(self, task: str) -> LabelAnnotation:
        value, at = self.raw[task], f"annotations.{task}"
        _check_keys(value, at, "labels", "scores", *self.partial, *self.probabilities)
        raw = expect(value["labels"], list, f"{at}.labels")
        labels = tuple(expect_label(label, f"{at}.labels[{i}]") for i, label in enumerate(raw))
        if "probabilities" in value:
            return _distribution(value, labels, at)
        if "scores" not in value:
            unique = tuple(dict.fromkeys(labels))
            if len(unique) < len(labels):
                self.instance.notes["duplicate label"] += len(labels) - len(unique)
            return LabelAnnotation(unique, partial=_partial(value, at))
        scores = expect(value["scores"], list, f"{at}.scores")
        if len(scores) != len(labels):
            raise ConfigurationError(
                f"{at}.scores: expected one score per label, {len(labels)}, got {len(scores)}"
            )
        return LabelAnnotation(
            labels,
            tuple(expect(s, float, f"{at}.scores[{i}]") for i, s in enumerate(scores)),
            _partial(value, at),
        )

    def _end(self, relation: dict[str, Any], key: str, value: dict[str, Any], where: str) -> Span | str:
        """The head or tail: a span of its own, or an index into the spans of the task that is named."""
        if key not in relation:
            raise ConfigurationError(f"{where}: {key!r} is missing (expected a span or the index of one)")
        end, where = relation[key], f"{where}.{key}"
        if isinstance(end, dict):
            return self._span(end, where)
        index = expect(end, int, where)
        if "mentions" not in value:
            raise ConfigurationError(f"{where}: an index needs 'mentions', the task whose spans are meant")
        spans = self.spans.get(value["mentions"])
        if spans is None:
            raise ConfigurationError(
                f"{where}: this record has no spans of the task {shown(value['mentions'])}"
            )
        if not 0 <= index < len(spans):
            raise ConfigurationError(f"{where}: there is no span {index}, the task has {len(spans)}")
        return spans[index]

    def _span(self, raw: dict[str, Any], where: str) -> Span | str:
        """The span, or its text where it does not begin and end with a token."""
        _check_keys(raw, where, "start", "end", "tokens", "label", "text", "score")
        by_characters = "start" in raw or "end" in raw
        if not by_characters and "tokens" not in raw:
            raise ConfigurationError(
                f"{where}: expected 'start' and 'end' (characters) or 'tokens' ([first, end])"
            )
        indices = self._by_tokens(raw, where) if "tokens" in raw else None
        if by_characters:
            start, end = self._characters(raw, where)
            found = token_range(self.instance.text, self.instance.tokens, start, end)
            if indices is not None and found != indices:
                raise ConfigurationError(
                    f"{where}: characters [{start}, {end}) are not tokens {raw['tokens']}"
                )
            if found is None:
                return self.instance.text[start:end]
            indices = found
        assert indices is not None
        if not by_characters:
            first, last = self.instance.tokens[indices[0]], self.instance.tokens[indices[1] - 1]
            self._check_text(raw, first.start, last.end, where)
        label = expect_label(raw.get("label", self.labels.get(indices, UNTYPED)), f"{where}.label")
        return Span(*indices, label, _score(raw, where))

    def _by_tokens(self, raw: dict[str, Any], where: str) -> tuple[int, int]:
        if not self.has_tokens:
            raise ConfigurationError(f"{where}.tokens: indices of tokens need 'tokens' in the record")
        pair = expect(raw["tokens"], list, f"{where}.tokens")
        length = len(self.instance.tokens)
        first, end = (expect(i, int, f"{where}.tokens") for i in pair) if len(pair) == 2 else (0, 0)
        if not 0 <= first < end <= length:
            raise ConfigurationError(
                f"{where}.tokens: expected [first, end) within {length} tokens, got {shown(pair)}"
            )
        return first, end

    def _characters(self, raw: dict[str, Any], where: str) -> tuple[int, int]:
        if not self.has_text:
            raise ConfigurationError(f"{where}: offsets of characters need 'text' in the record")
        start, end = (expect_key(raw, key, int, where) for key in ("start", "end"))
        if not 0 <= start < end <= len(self.instance.text):
            raise ConfigurationError(
                f"{where}: [{start}, {end}) does not lie within {len(self.instance.text)} characters of text"
            )
        self._check_text(raw, start, end, where)
        return start, end

    def _check_text(self, raw: dict[str, Any], start: int, end: int, where: str) -> None:
        text = self.instance.text[start:end]
        if "text" in raw and raw["text"] != text:
            raise ConfigurationError(
                f"{where}.text: expected {text!r}, as in the text, got {shown(raw['text'])}"
            )

    def _words(self, end: Span | str) -> str:
        return end if isinstance(end, str) else self.instance.span_text(end)


def _check_keys(value: dict[str, Any], where: str, *known: str) -> None:
    for key in value:
        if key not in known:
            raise ConfigurationError(f"{where}: unknown key {key!r}; known are {', '.join(known)}")


def _score(raw: dict[str, Any], where: str) -> float | None:
    return None if raw.get("score") is None else float(expect(raw["score"], float, f"{where}.score"))


def _by_text(value: dict[str, Any], where: str) -> bool:
    match = value.get("match", "offsets")
    if match not in ("offsets", "text"):
        raise ConfigurationError(f"{where}.match: expected 'offsets' or 'text', got {shown(match)}")
    return match == "text"


def _partial(value: dict[str, Any], where: str) -> bool:
    partial = value.get("partial", False)
    if not isinstance(partial, bool):
        raise ConfigurationError(f"{where}.partial: expected true or false, got {shown(partial)}")
    return partial


def _distribution(value: dict[str, Any], labels: tuple[str, ...], at: str) -> LabelAnnotation:
    """Labels that a person is not sure of."""
    if value.get("partial") or "scores" in value:
        raise ConfigurationError(f"{at}: 'probabilities' can have neither 'scores' nor 'partial' beside them")
    raw = expect(value["probabilities"], list, f"{at}.probabilities")
    probabilities = tuple(float(expect(one, float, f"{at}.probabilities[{i}]")) for i, one in enumerate(raw))
    if len(probabilities) != len(labels) or len(set(labels)) < len(labels):
        raise ConfigurationError(
            f"{at}.probabilities: expected one for each of {len(labels)} different labels"
        )
    if not all(0 <= one <= 1 for one in probabilities):
        raise ConfigurationError(f"{at}.probabilities: expected numbers of 0 to 1")
    return LabelAnnotation(labels, probabilities, uncertain=True)
