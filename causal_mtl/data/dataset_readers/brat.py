"""Brat's standoff format: folders of ``.txt`` and ``.ann`` files."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from causal_mtl.common import ConfigurationError
from causal_mtl.data.dataset_readers.assembling import check_names, relation_annotation, span_annotation
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.instance import Instance, Relation, Span
from causal_mtl.data.offsets import token_range
from causal_mtl.data.records import read_lines

_MENTION = re.compile(r"(\S+) (\d{1,9} \d{1,9}(?:;\d{1,9} \d{1,9})*)")
_RELATION = re.compile(r"(\S+) \S+?:([TE]\S+) \S+?:([TE]\S+)\s*")
_BYTE_ORDER_MARK = "\ufeff"
_NOT_READ = {
    "E": "event",
    "A": "attribute",
    "M": "attribute",
    "N": "normalization",
    "*": "equivalence",
    "#": "",
}


@dataclass
class _Mention:
    """A text-bound annotation: pieces of the text, in characters, end exclusive."""

    label: str
    pieces: list[tuple[int, int]]
    text: str | None
    where: str


@dataclass
class _Document:
    """What an ``.ann`` file says."""

    mentions: dict[str, _Mention] = field(default_factory=dict)
    relations: list[tuple[str, str, str, str]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)


@DatasetReader.register("brat")
class BratReader(DatasetReader):
    r"""Brat's standoff format: a folder of ``.txt`` files, each with an ``.ann`` file beside it.

    Text-bound annotations (``T1\tType start end\ttext``) and binary relations (``R1\tType Arg1:T1 Arg2:T2``) are
    read, overlapping ones too. Some mentions are kept as unplaced and counted, with the relations that need them:
    discontinuous ones (``start end;start end``), those that do not begin and end with a token, and, with
    ``unit: "line"``, those that cross the end of a line. Events, their relations, attributes, normalizations and
    equivalences are counted as not read; notes are skipped.

    Registered as a `DatasetReader` with name "brat".

    Args:
        mentions: name of the task that gets the text-bound annotations.
        relations: name of the task that gets the relations.
        unit: what becomes an instance: a "document", or each "line" of it that is not blank.
        **kwargs: as in `DatasetReader`.
    """

    def __init__(
        self,
        mentions: str = "entities",
        relations: str = "relations",
        unit: Literal["document", "line"] = "document",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_names(mentions=mentions, relations=relations)
        self.mentions, self.relations = mentions, relations
        self.unit = unit

    def _read(self, path: Path) -> Iterable[Instance]:
        if not path.is_dir():
            raise ConfigurationError(f"{path}: expected a folder of .txt and .ann files")
        for file in sorted(path.rglob("*.txt")):
            annotations = file.with_suffix(".ann")
            if not annotations.is_file():
                raise ConfigurationError(f"{file}: there is no {annotations.name} beside it")
            yield from self._document(
                file, _parsed(annotations), file.relative_to(path).with_suffix("").as_posix()
            )

    def _document(self, file: Path, document: _Document, name: str) -> Iterator[Instance]:
        text = _text(file)
        _check(document, text, file)
        units = self._units(text)
        starts = [start for start, _ in units]
        own: dict[int, set[str]] = defaultdict(set)
        for identifier, mention in document.mentions.items():
            own[max(0, bisect_right(starts, mention.pieces[0][0]) - 1)].add(identifier)
        notes = document.notes  # what concerns the whole document is counted once, with its first unit
        for number, unit in enumerate(units):
            identifier = name if self.unit == "document" else f"{name}:{number}"
            yield self._instance(text, unit, document, own[number], identifier, notes)
            notes = Counter()

    def _units(self, text: str) -> list[tuple[int, int]]:
        if self.unit == "document":
            return [(len(text) - len(text.lstrip(_BYTE_ORDER_MARK)), len(text))]
        lines = re.finditer(rf"[^\r\n{_BYTE_ORDER_MARK}][^\r\n]*", text)
        return [line.span() for line in lines if line.group().strip()]

    def _instance(
        self,
        text: str,
        unit: tuple[int, int],
        document: _Document,
        own: set[str],
        identifier: str,
        notes: Counter[str],
    ) -> Instance:
        """An instance of the mentions that begin in `unit` (`own`) and of the relations whose head does."""
        notes = Counter(notes)
        start, end = unit
        piece = text[start:end]
        instance = Instance(piece, self.tokenizer.tokenize(piece), {}, {"id": identifier}, notes)
        places = {key: self._place(document.mentions[key], instance, unit, notes) for key in own}
        spans = [span for span in places.values() if span is not None]
        lost = [(_words(document.mentions[key], text), document.mentions[key].label)
                for key, span in places.items() if span is None]  # fmt: skip
        placed, unplaced = [], []
        for label, head, tail, _ in document.relations:
            if head not in own:
                continue
            ends = places.get(head), places.get(tail)
            if ends[0] is not None and ends[1] is not None:
                placed.append(Relation(ends[0], label, ends[1]))
            else:
                words = [_words(document.mentions[key], text) for key in (head, tail)]
                unplaced.append((words[0], label, words[1]))
                notes["relation of a mention that has no place"] += 1
        instance.annotations = {
            self.mentions: span_annotation(spans, notes, sorted(lost)),
            self.relations: relation_annotation(placed, notes, unplaced),
        }
        return instance

    def _place(
        self, mention: _Mention, instance: Instance, unit: tuple[int, int], notes: Counter[str]
    ) -> Span | None:
        """The span of a mention; None, and counted, where it has none."""
        if len(mention.pieces) > 1:
            notes["discontinuous mention"] += 1
            return None
        (start, end), (first, last) = mention.pieces[0], unit
        if end > last:
            notes["mention across lines"] += 1
            return None
        indices = token_range(instance.text, instance.tokens, start - first, end - first)
        if indices is None:
            notes["span not on token boundaries"] += 1
            return None
        return Span(*indices, mention.label)


def _parsed(file: Path) -> _Document:
    document = _Document()
    for where, line in read_lines(file):
        line = line.rstrip("\r\n")
        if not line.strip():
            continue
        kind, fields = line[0], line.split("\t")
        if kind == "T" and len(fields) >= 2:
            match = _MENTION.fullmatch(fields[1])
            if match is None:
                raise ConfigurationError(f"{where}: expected 'Type start end', got {fields[1]!r}")
            pieces = [tuple(map(int, piece.split())) for piece in match[2].split(";")]
            if fields[0] in document.mentions:
                raise ConfigurationError(f"{where}: there are two annotations {fields[0]}")
            words = fields[2] if len(fields) > 2 else None
            document.mentions[fields[0]] = _Mention(match[1], pieces, words, where)  # type: ignore[arg-type]
        elif kind == "R" and len(fields) >= 2:
            match = _RELATION.fullmatch(fields[1])
            if match is None:
                raise ConfigurationError(f"{where}: expected 'Type Arg1:T1 Arg2:T2', got {fields[1]!r}")
            if "E" in (match[2][0], match[3][0]):
                document.notes["relation of an event not read"] += 1
            else:
                document.relations.append((match[1], match[2], match[3], where))
        elif kind in _NOT_READ:
            if _NOT_READ[kind]:
                document.notes[f"{_NOT_READ[kind]} not read"] += 1
        else:
            raise ConfigurationError(f"{where}: not an annotation of brat: {line[:40]!r}")
    return document


def _text(file: Path) -> str:
    """The characters of a file as brat counts them: a byte order mark is one, and line ends are not translated."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{file}:{line}: not UTF-8: {error.reason}") from None


def _check(document: _Document, text: str, file: Path) -> None:
    """Raise a `ConfigurationError` if annotations do not fit the text or name mentions that are not there."""
    for mention in document.mentions.values():
        for start, end in mention.pieces:
            if not 0 <= start < end <= len(text):
                raise ConfigurationError(
                    f"{mention.where}: [{start}, {end}) is not within the {len(text)} characters of {file.name}"
                )
        if mention.text is not None and mention.text.split() != (there := _words(mention, text)).split():
            raise ConfigurationError(
                f"{mention.where}: the text is {mention.text!r}, but {file.name} has {there!r} there: the offsets "
                "may be those of a file with other line ends, or with or without a byte order mark"
            )
    for _, head, tail, where in document.relations:
        for identifier in (head, tail):
            if identifier not in document.mentions:
                raise ConfigurationError(f"{where}: there is no annotation {identifier}")


def _words(mention: _Mention, text: str) -> str:
    return " ".join(" ".join(text[start:end].split()) for start, end in mention.pieces)
