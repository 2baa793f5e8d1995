"""Exports of doccano: spans, relations and categories as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data.dataset_readers.assembling import (
    check_names,
    other_keys,
    relation_annotation,
    span_annotation,
    unique,
)
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.dataset_readers.recognise import read_json_records
from causal_mtl.data.instance import Annotation, Instance, LabelAnnotation, Relation, Span
from causal_mtl.data.offsets import token_range
from causal_mtl.data.records import expect, expect_key, expect_strings, shown

_KNOWN = ("text", "label", "labels", "entities", "relations", "cats")


@DatasetReader.register("doccano")
class DoccanoReader(DatasetReader):
    """The JSON lines that doccano exports.

    - Sequence labelling: ``{"id", "text", "label": [[start, end, label], …]}`` (or ``labels``).
    - With relations: ``{"id", "text", "entities": [{"id", "label", "start_offset", "end_offset"}, …], "relations":
      [{"id", "from_id", "to_id", "type"}, …]}``.
    - Text classification: ``{"id", "text", "label": ["…", …]}``, or ``cats`` beside ``entities``. An empty list is
      one of texts or of spans as the first other one of the file is; if all are empty, of spans.

    Offsets count characters of the text, ends are exclusive. Spans that do not begin and end with a token, and
    the relations that need them, are kept as unplaced and counted. Other keys are metadata.

    Registered as a `DatasetReader` with name "doccano".

    Args:
        mentions: name of the task that gets the spans.
        relations: name of the task that gets the relations.
        categories: name of the task that gets the labels of whole texts.
        **kwargs: as in `DatasetReader`.
    """

    def __init__(
        self,
        mentions: str = "entities",
        relations: str = "relations",
        categories: str = "categories",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_names(mentions=mentions, relations=relations, categories=categories)
        self.mentions, self.relations, self.categories = mentions, relations, categories

    def _read(self, path: Path) -> Iterable[Instance]:
        records = list(read_json_records(path, "doccano"))
        lists = (record.get("label", record.get("labels")) for _, record in records)
        first = next((value[0] for value in lists if isinstance(value, list) and value), None)
        for where, record in records:
            yield self._instance(record, where, of_texts=isinstance(first, str))

    def _instance(self, record: dict[str, Any], where: str, of_texts: bool) -> Instance:
        """An instance; where there are no labels, `of_texts` says whether they would be of texts or spans."""
        text = expect_key(record, "text", str, where)
        instance = Instance(text, self.tokenizer.tokenize(text), {}, other_keys(record, *_KNOWN))
        key: str | None = next((key for key in ("label", "labels") if key in record), None)
        if "entities" in record:
            self._read_graph(instance, record, where)
            key, listed = "cats", record.get("cats")
        elif key is None:
            raise ConfigurationError(
                f"{where}: expected 'label' or 'entities', got {', '.join(map(repr, record))}"
            )
        else:
            listed = expect(record[key], list, f"{where}: {key!r}")
            if isinstance(listed[0], list) if listed else not of_texts:
                spans = [_triple(item, f"{where}: {key!r}[{i}]") for i, item in enumerate(listed)]
                self._add_spans(instance, dict(enumerate(spans)), where)
                listed = None
        if listed is not None:
            labels = expect_strings(listed, f"{where}: {key!r}")
            found = tuple(unique(labels, instance.notes, "duplicate label"))
            instance.annotations[self.categories] = LabelAnnotation(found)
        return instance

    def _read_graph(self, instance: Instance, record: dict[str, Any], where: str) -> None:
        """Entities and relations, which name entities by their ids."""
        entities = {}
        for i, item in enumerate(expect(record["entities"], list, f"{where}: 'entities'")):
            at = f"{where}: 'entities'[{i}]"
            expect(item, dict, at)
            start, end, label = (_need(item, key, at) for key in ("start_offset", "end_offset", "label"))
            entities[expect(_need(item, "id", at), int, at)] = _triple([start, end, label], at)
        spans = self._add_spans(instance, entities, where)
        placed, unplaced = [], []
        for i, item in enumerate(expect(record.get("relations", []), list, f"{where}: 'relations'")):
            at = f"{where}: 'relations'[{i}]"
            expect(item, dict, at)
            label = expect_key(item, "type", str, at)
            head, tail = (self._entity(item, key, spans, at) for key in ("from_id", "to_id"))
            if isinstance(head, Span) and isinstance(tail, Span):
                placed.append(Relation(head, label, tail))
            else:
                words = [e if isinstance(e, str) else instance.span_text(e) for e in (head, tail)]
                unplaced.append((words[0], label, words[1]))
                instance.notes["relation not on token boundaries"] += 1
        instance.annotations[self.relations] = relation_annotation(placed, instance.notes, unplaced)

    def _add_spans(
        self, instance: Instance, spans: dict[int, tuple[int, int, str]], where: str
    ) -> dict[int, Any]:
        """Annotate `instance`; the placed span or the text of each, by id."""
        found: dict[int, Span | str] = {}
        unplaced: list[tuple[str, str]] = []
        for key, (start, end, label) in spans.items():
            if not 0 <= start < end <= len(instance.text):
                size = len(instance.text)
                raise ConfigurationError(
                    f"{where}: [{start}, {end}) does not lie within {size} characters of text"
                )
            indices = token_range(instance.text, instance.tokens, start, end)
            found[key] = instance.text[start:end] if indices is None else Span(*indices, label)
            if indices is None:
                unplaced.append((instance.text[start:end], label))
                instance.notes["span not on token boundaries"] += 1
        placed = [span for span in found.values() if isinstance(span, Span)]
        annotations: dict[str, Annotation] = instance.annotations
        annotations[self.mentions] = span_annotation(placed, instance.notes, unplaced)
        return found

    def _entity(self, item: dict[str, Any], key: str, spans: dict[int, Any], where: str) -> Any:
        identifier = expect_key(item, key, int, where)
        if identifier not in spans:
            raise ConfigurationError(f"{where}: {key!r}: there is no entity with the id {identifier}")
        return spans[identifier]


def _need(item: dict[str, Any], key: str, where: str) -> Any:
    if key not in item:
        raise ConfigurationError(f"{where}: {key!r} is missing")
    return item[key]


def _triple(item: Any, where: str) -> tuple[int, int, str]:
    if not isinstance(item, list) or len(item) != 3:
        raise ConfigurationError(f"{where}: expected [start, end, label], got {shown(item)}")
    start, end, label = item
    return expect(start, int, where), expect(end, int, where), expect(label, str, where)
