"""Exports of doccano: spans, relations and categories as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

_LABELLED = ("entities", "label", "labels", "relations", "cats")


@DatasetReader.register("doccano")
class DoccanoReader(DatasetReader):
    """The JSON lines that doccano exports.

    - Sequence labelling: ``{"id", "text", "label": [[start, end, label], …]}`` (or ``labels``).
    - With relations: ``{"id", "text", "entities": [{"id", "label", "start_offset", "end_offset"}, …], "relations":
      [{"id", "from_id", "to_id", "type"}, …]}``.
    - Text classification: ``{"id", "text", "label": ["…", …]}``. An empty list is one of texts or of spans as the
      first other one of the file is; if all are empty, of spans.
    - Intent detection and slot filling: ``{"id", "text", "cats": ["…", …], "entities": [[start, end, label],
      …]}``.

    A record is annotated for the tasks whose keys it has; ``label`` beside keys of the other forms is refused.
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
        instance = Instance(text, self.tokenizer.tokenize(text), {}, other_keys(record, "text", *_LABELLED))
        key = _main_key(record, where)
        if key == "entities":
            self._read_graph(instance, record, where)
            key, listed = "cats", record.get("cats")
        else:
            listed = expect(record[key], list, f"{where}: {key!r}")
            if isinstance(listed[0], list) if listed else not of_texts:
                spans = {at: _triple(item, at) for at, item in _items(record, key, where)}
                self._add_spans(instance, spans, where)
                listed = None
        if listed is not None:
            labels = expect_strings(listed, f"{where}: {key!r}")
            found = tuple(unique(labels, instance.notes, "duplicate label"))
            instance.annotations[self.categories] = LabelAnnotation(found)
        return instance

    def _read_graph(self, instance: Instance, record: dict[str, Any], where: str) -> None:
        """Entities and relations, which name entities by their ids."""
        entities: dict[int | str, tuple[int, int, str]] = {}
        for at, item in _items(record, "entities", where):
            identifier, triple = _entity(item, at)
            if identifier in entities:
                raise ConfigurationError(f"{at}: there are two entities with the id {identifier}")
            entities[identifier] = triple
        spans = self._add_spans(instance, entities, where)
        if "relations" in record:
            self._add_relations(instance, record, spans, where)

    def _add_relations(
        self, instance: Instance, record: dict[str, Any], spans: dict[int | str, Span | str], where: str
    ) -> None:
        placed, unplaced = [], []
        for at, item in _items(record, "relations", where):
            expect(item, dict, at)
            label = expect_key(item, "type", str, at)
            head, tail = (_end(item, key, spans, at) for key in ("from_id", "to_id"))
            if isinstance(head, Span) and isinstance(tail, Span):
                placed.append(Relation(head, label, tail))
            else:
                words = [e if isinstance(e, str) else instance.span_text(e) for e in (head, tail)]
                unplaced.append((words[0], label, words[1]))
                instance.notes["relation not on token boundaries"] += 1
        instance.annotations[self.relations] = relation_annotation(placed, instance.notes, unplaced)

    def _add_spans(
        self, instance: Instance, spans: Mapping[Any, tuple[int, int, str]], where: str
    ) -> dict[int | str, Span | str]:
        """Annotate `instance`; the placed span or the text of each, by id."""
        found: dict[int | str, Span | str] = {}
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


def _main_key(record: dict[str, Any], where: str) -> str:
    """The key that says of which form a record is.

    Raises:
        ConfigurationError: there is none, or one beside it that records of this form do not have.
    """
    key = next((key for key in ("entities", "label", "labels") if key in record), None)
    if key is None:
        raise ConfigurationError(
            f"{where}: expected 'label' or 'entities', got {', '.join(map(repr, record))}"
        )
    read = (key, "relations", "cats") if key == "entities" else (key,)
    for other in _LABELLED:
        if other in record and other not in read:
            raise ConfigurationError(f"{where}: {other!r} is not read beside {key!r}: leave out one of them")
    return key


def _items(record: dict[str, Any], key: str, where: str) -> list[tuple[str, Any]]:
    """The items of a list, each with where it stands."""
    listed = expect(record[key], list, f"{where}: {key!r}")
    return [(f"{where}: {key!r}[{i}]", item) for i, item in enumerate(listed)]


def _entity(item: Any, where: str) -> tuple[int | str, tuple[int, int, str]]:
    """The id of an entity, and its triple. A mere triple has its place as id: no relation names it."""
    if isinstance(item, list):
        return where, _triple(item, where)
    expect(item, dict, where)
    start, end, label = (_need(item, key, where) for key in ("start_offset", "end_offset", "label"))
    return expect(_need(item, "id", where), int, where), _triple([start, end, label], where)


def _end(item: dict[str, Any], key: str, spans: Mapping[int | str, Span | str], where: str) -> Span | str:
    """The head or tail of a relation."""
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
