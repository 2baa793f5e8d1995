"""CoNLL04 in the multi-head format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from causal_mtl.common import ConfigurationError
from causal_mtl.data.dataset_readers.assembling import check_names, relation_annotation, span_annotation
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.instance import Annotation, Instance, Relation, Span
from causal_mtl.data.offsets import join_words
from causal_mtl.data.records import read_lines
from causal_mtl.data.tag_schemes import TagScheme

_NO_RELATION = "N"
_TAG = re.compile(r"O|[BI]-\S+")
_NAMES = re.compile(r"\[('[^']*'(, *'[^']*')*)?\]")
_INDICES = re.compile(r"\[(\d{1,9}(, *\d{1,9})*)?\]")


class _Line(NamedTuple):
    """A token with the relations that hang on it: names, and the indices of the tail tokens."""

    word: str
    tag: str
    names: list[str]
    tails: list[int]


@DatasetReader.register("conll04")
class Conll04Reader(DatasetReader):
    """CoNLL04 in the multi-head format (Bekoulis et al. 2018).

    A document begins with ``#doc ID``. Then comes one line per token: index, token, BIO tag, a list of relation
    names and a list of the tail tokens' indices, separated by tabs. Relations hang on the last tokens of the two
    mentions; ``['N']`` is no relation. A relation of a token that is not the last of a mention is kept as
    unplaced, with the words of the tokens, and counted.

    Registered as a `DatasetReader` with name "conll04".

    Args:
        mentions: name of the task that gets the mentions.
        relations: name of the task that gets the relations.
        **kwargs: as in `DatasetReader`.
    """

    def __init__(self, mentions: str = "entities", relations: str = "relations", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_names(mentions=mentions, relations=relations)
        self.mentions = mentions
        self.relations = relations

    def _read(self, path: Path) -> Iterable[Instance]:
        for where, identifier, lines in _documents(path):
            yield self._instance(identifier, lines, where)

    def _instance(self, identifier: str, lines: list[_Line], where: str) -> Instance:
        notes: Counter[str] = Counter()
        text, tokens = join_words([line.word for line in lines])
        spans = TagScheme("BIO").decode([line.tag for line in lines])
        by_last = {span.end - 1: span for span in spans}
        placed, unplaced = [], []
        for head, line in enumerate(lines):
            for name, tail in zip(line.names, line.tails, strict=True):
                if name == _NO_RELATION:
                    continue
                if tail >= len(lines):
                    raise ConfigurationError(f"{where}: token {head} has a relation to token {tail}, but the "
                                             f"document has {len(lines)} tokens")  # fmt: skip
                if head in by_last and tail in by_last:
                    placed.append(Relation(by_last[head], name, by_last[tail]))
                else:
                    unplaced.append((_words(head, by_last, lines), name, _words(tail, by_last, lines)))
        if unplaced:
            notes["relation of a token that ends no mention"] += len(unplaced)
        annotations: dict[str, Annotation] = {
            self.mentions: span_annotation(spans, notes),
            self.relations: relation_annotation(placed, notes, unplaced),
        }
        return Instance(text, tokens, annotations, {"id": identifier}, notes)


def _words(index: int, by_last: dict[int, Span], lines: list[_Line]) -> str:
    start = by_last[index].start if index in by_last else index
    return " ".join(line.word for line in lines[start : index + 1])


def _documents(path: Path) -> Iterator[tuple[str, str, list[_Line]]]:
    """Where each document begins, its ID and its tokens."""
    where, identifier = "", ""
    lines: list[_Line] = []
    for at, line in read_lines(path):
        if line.startswith("#doc"):
            if lines:
                yield where, identifier, lines
            where, identifier, lines = at, line[len("#doc") :].strip(), []
        elif line.strip():
            if not where:
                raise ConfigurationError(f"{at}: expected '#doc ID' before the first token")
            lines.append(_parsed(line, len(lines), at))
    if lines:
        yield where, identifier, lines


def _parsed(line: str, index: int, where: str) -> _Line:
    fields = line.rstrip("\n").split("\t")
    if len(fields) != 5:
        raise ConfigurationError(
            f"{where}: expected index, token, tag, relations, heads, separated by tabs, got {len(fields)} fields"
        )
    number, word, tag, names, tails = fields
    if number != str(index):
        raise ConfigurationError(f"{where}: expected the index {index}, got {number!r}")
    if not word.strip():
        raise ConfigurationError(f"{where}: a token cannot be blank")
    if not _TAG.fullmatch(tag):
        raise ConfigurationError(f"{where}: {tag!r} is no BIO tag")
    if not _NAMES.fullmatch(names) or not _INDICES.fullmatch(tails):
        raise ConfigurationError(f"{where}: expected ['name', …] and [index, …], got {names} and {tails}")
    listed, indices = re.findall(r"'([^']*)'", names), [int(i) for i in re.findall(r"\d+", tails)]
    if len(listed) != len(indices):
        raise ConfigurationError(f"{where}: {len(listed)} relation names, but {len(indices)} indices")
    return _Line(word, tag, listed, indices)
