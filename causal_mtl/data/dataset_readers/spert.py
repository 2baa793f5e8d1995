"""SpERT's JSON: CoNLL04, SciERC and ADE in that form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data.dataset_readers.assembling import (
    check_names,
    checked_span,
    other_keys,
    relation_annotation,
    span_annotation,
)
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.instance import Annotation, Instance, Relation, Span
from causal_mtl.data.offsets import join_words
from causal_mtl.data.records import expect, expect_key, expect_words, read_records


@DatasetReader.register("spert")
class SpertReader(DatasetReader):
    """The JSON of SpERT (Eberts and Ulges 2020), in which CoNLL04, SciERC and ADE are distributed.

    A JSON list (or one object per line) of ``{"tokens": […], "entities": [{"type", "start", "end"}],
    "relations": [{"type", "head", "tail"}]}``: ends are exclusive, head and tail are indices into ``entities``.
    ``orig_id`` is the instance's id. Other keys of a record are its metadata.

    Registered as a `DatasetReader` with name "spert".

    Args:
        mentions: name of the task that gets the entities.
        relations: name of the task that gets the relations.
        **kwargs: as in `DatasetReader`.
    """

    def __init__(self, mentions: str = "entities", relations: str = "relations", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_names(mentions=mentions, relations=relations)
        self.mentions = mentions
        self.relations = relations

    def _read(self, path: Path) -> Iterable[Instance]:
        for where, record in read_records(path):
            yield self._instance(record, where)

    def _instance(self, record: dict[str, Any], where: str) -> Instance:
        notes: Counter[str] = Counter()
        words = expect_words(expect_key(record, "tokens", list, where), f"{where}: 'tokens'")
        spans = []
        for i, entity in enumerate(expect_key(record, "entities", list, where)):
            at = f"{where}: 'entities'[{i}]"
            fields = [_field(entity, key, at) for key in ("start", "end", "type")]
            spans.append(checked_span(fields, len(words), at))
        relations = []
        for i, relation in enumerate(expect_key(record, "relations", list, where)):
            at = f"{where}: 'relations'[{i}]"
            head, tail = (
                _mention(_field(relation, key, at), spans, f"{at}: {key!r}") for key in ("head", "tail")
            )
            relations.append(Relation(head, expect(_field(relation, "type", at), str, at), tail))
        text, tokens = join_words(words)
        annotations: dict[str, Annotation] = {
            self.mentions: span_annotation(spans, notes),
            self.relations: relation_annotation(relations, notes),
        }
        identifier = {"id": record["orig_id"]} if "orig_id" in record else {}
        metadata = {**identifier, **other_keys(record, "tokens", "entities", "relations", "orig_id")}
        return Instance(text, tokens, annotations, metadata, notes)


def _field(item: Any, key: str, where: str) -> Any:
    if key not in expect(item, dict, where):
        raise ConfigurationError(f"{where}: {key!r} is missing")
    return item[key]


def _mention(index: Any, spans: list[Span], where: str) -> Span:
    if not 0 <= expect(index, int, where) < len(spans):
        raise ConfigurationError(f"{where}: there is no entity {index}, the record has {len(spans)}")
    return spans[index]
