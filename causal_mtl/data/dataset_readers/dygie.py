"""DyGIE's JSON: SciERC and ACE05 as they are distributed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data.dataset_readers.assembling import check_names, relation_annotation, span_annotation
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.dataset_readers.recognise import read_json_records
from causal_mtl.data.instance import Annotation, Instance, Relation, Span
from causal_mtl.data.offsets import join_words
from causal_mtl.data.records import expect, expect_key, shown
from causal_mtl.data.schema_annotations import UNTYPED
from causal_mtl.data.strings import expect_label, expect_tokens

_OF_DOCUMENTS = ("clusters", "event_clusters")
"""What is not read and listed once for a document, not for each of its sentences."""


@DatasetReader.register("dygie")
class DygieReader(DatasetReader):
    """The JSON lines of DyGIE (Luan et al. 2019): one document per line, one instance per sentence.

    ``{"doc_key", "sentences": [[token, …], …], "ner": [[[start, end, type], …], …], "relations": [[[head start,
    head end, tail start, tail end, type], …], …]}``: indices count the tokens of the *document*, ends are
    inclusive. A document without ``ner`` or ``relations`` is not annotated for that task. Mentions that leave
    their sentence are kept as unplaced and counted; clusters and events are not read, and counted.

    An instance's id is ``doc_key:number of the sentence``, if there is a ``doc_key``. Clusters are counted with
    the first sentence of their document.

    Registered as a `DatasetReader` with name "dygie".

    Args:
        mentions: name of the task that gets ``ner``.
        relations: name of the task that gets ``relations``.
        **kwargs: as in `DatasetReader`.
    """

    def __init__(self, mentions: str = "entities", relations: str = "relations", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_names(mentions=mentions, relations=relations)
        self.mentions = mentions
        self.relations = relations

    def _read(self, path: Path) -> Iterable[Instance]:
        for where, record in read_json_records(path, "dygie"):
            yield from self._document(record, where)

    def _document(self, record: dict[str, Any], where: str) -> Iterable[Instance]:
        key = record.get("doc_key")
        listed = expect_key(record, "sentences", list, where)
        sentences = [expect_tokens(words, f"{where}: 'sentences'[{i}]") for i, words in enumerate(listed)]
        document = [word for words in sentences for word in words]
        starts = accumulate((len(words) for words in sentences), initial=0)
        ner, relations = (_per_sentence(record, name, len(sentences), where) for name in ("ner", "relations"))
        for i, (words, start) in enumerate(zip(sentences, starts, strict=False)):
            notes = _not_read(record, i)
            place = _Sentence(document, start, start + len(words))
            text, tokens = join_words(words)
            annotations: dict[str, Annotation] = {}
            if ner is not None:
                annotations[self.mentions] = place.mentions(ner[i], notes, f"{where}: 'ner'[{i}]")
            if relations is not None:
                types = {
                    (s.start, s.end): s.label for s in getattr(annotations.get(self.mentions), "spans", ())
                }
                at = f"{where}: 'relations'[{i}]"
                annotations[self.relations] = place.relations(relations[i], types, notes, at)
            metadata = {} if key in (None, "") else {"id": f"{key}:{i}"}
            yield Instance(text, tokens, annotations, metadata, notes)


class _Sentence:
    """A sentence of a document: from the document's token indices to its own."""

    def __init__(self, document: list[str], start: int, end: int) -> None:
        self.document, self.start, self.end = document, start, end

    def mentions(self, listed: list[Any], notes: Counter[str], where: str) -> Any:
        placed, unplaced = [], []
        for item in listed:
            start, end, label = self._fields(item, 2, where)
            if self._is_inside(start, end):
                placed.append(Span(start - self.start, end + 1 - self.start, label))
            else:
                unplaced.append((self._words(start, end), label))
                notes["mention outside its sentence"] += 1
        return span_annotation(placed, notes, unplaced)

    def relations(
        self, listed: list[Any], types: dict[tuple[int, int], str], notes: Counter[str], where: str
    ) -> Any:
        placed, unplaced = [], []
        for item in listed:
            *indices, label = self._fields(item, 4, where)
            ends = [(indices[0], indices[1]), (indices[2], indices[3])]
            if all(self._is_inside(*end) for end in ends):
                head, tail = (self._typed(*end, types) for end in ends)
                placed.append(Relation(head, label, tail))
            else:
                unplaced.append((self._words(*ends[0]), label, self._words(*ends[1])))
                notes["relation outside its sentence"] += 1
        return relation_annotation(placed, notes, unplaced)

    def _fields(self, item: Any, indices: int, where: str) -> list[Any]:
        """The checked fields of a mention or relation: indices, then a label (and a score, in predictions)."""
        if not isinstance(item, list) or len(item) <= indices:
            raise ConfigurationError(f"{where}: expected {indices} indices and a label, got {shown(item)}")
        numbers = [expect(number, int, where) for number in item[:indices]]
        for start, end in zip(numbers[::2], numbers[1::2], strict=True):
            if not 0 <= start <= end < len(self.document):
                raise ConfigurationError(
                    f"{where}: [{start}, {end}] is not within the {len(self.document)} tokens of the document"
                )
        return [*numbers, expect_label(item[indices], where)]

    def _is_inside(self, start: int, end: int) -> bool:
        return self.start <= start and end < self.end

    def _typed(self, start: int, end: int, types: dict[tuple[int, int], str]) -> Span:
        place = start - self.start, end + 1 - self.start
        return Span(*place, types.get(place, UNTYPED))

    def _words(self, start: int, end: int) -> str:
        return " ".join(self.document[start : end + 1])


def _per_sentence(record: dict[str, Any], name: str, sentences: int, where: str) -> list[Any] | None:
    if name not in record:
        return None
    listed = expect(record[name], list, f"{where}: {name!r}")
    if len(listed) != sentences:
        raise ConfigurationError(
            f"{where}: {name!r} has {len(listed)} lists, but there are {sentences} sentences"
        )
    return [expect(item, list, f"{where}: {name!r}[{i}]") for i, item in enumerate(listed)]


def _not_read(record: dict[str, Any], sentence: int) -> Counter[str]:
    """How much of each kind that is not read is counted with a sentence."""
    events = record.get("events")
    listed = {"events": events[sentence] if isinstance(events, list) and sentence < len(events) else None}
    if sentence == 0:
        listed |= {name: record.get(name) for name in _OF_DOCUMENTS}
    counts = {name: len(items) for name, items in listed.items() if isinstance(items, list)}
    return +Counter({f"{name} not read": count for name, count in counts.items()})
