"""Column files: one token per line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data.dataset_readers.assembling import span_annotation
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.instance import Annotation, Instance
from causal_mtl.data.offsets import join_words
from causal_mtl.data.records import read_lines
from causal_mtl.data.schema_annotations import UNTYPED
from causal_mtl.data.tag_schemes import TagScheme

_PREFIXES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "L", "S": "S", "U": "U", "W": "U"}
_DOCUMENT = "-DOCSTART-"


@DatasetReader.register("conll")
class ConllReader(DatasetReader):
    """Column files: one token per line, an empty line after each sentence.

    Fields are separated by tabs if the file's first line has one, else by blanks (a no-break space is none, nor
    is an ideographic one). Tags may be of any scheme: IOB1, BIO, BIOUL (BILOU), BIOES, BMES, or without types;
    they are read as conlleval reads them, so a tag that cannot continue the span before it begins a new one.
    Lines that begin with ``-DOCSTART-`` separate documents.

    Registered as a `DatasetReader` with name "conll".

    Args:
        tags: column of each task's tags, by task name; negative numbers count from the end.
        token_column: of the tokens.
        comment: lines that begin with this are no tokens (``"# "`` in CoNLL-U); None: there are none.
        **kwargs: as in `DatasetReader`.
    """

    def __init__(
        self,
        tags: dict[str, int] | None = None,
        token_column: int = 0,
        comment: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tags = {"entities": -1} if tags is None else tags
        self.token_column = token_column
        self.comment = comment
        if not self.tags:
            raise ConfigurationError("tags: name the column of at least one task")
        if comment == "":
            raise ConfigurationError("comment: every line begins with an empty string; leave it out")

    def _read(self, path: Path) -> Iterable[Instance]:
        return self._read_named(path, path.name)

    def _read_named(self, path: Path, name: str) -> Iterable[Instance]:
        document, number = 0, 0
        for where, rows in self._sentences(path):
            if rows is None:
                document, number = document + 1, 0
                continue
            yield self._instance(rows, where, f"{name}:{document}:{number}")
            number += 1

    def _instance(self, rows: list[tuple[str, list[str]]], where: str, identifier: str) -> Instance:
        notes: Counter[str] = Counter()
        text, tokens = join_words([_field(fields, self.token_column, at) for at, fields in rows])
        annotations: dict[str, Annotation] = {}
        for task, column in self.tags.items():
            tags = [_tag(_field(fields, column, at), at) for at, fields in rows]
            annotations[task] = span_annotation(TagScheme("BIOES").decode(tags), notes)
        return Instance(text, tokens, annotations, {"id": identifier}, notes)

    def _sentences(self, path: Path) -> Iterator[tuple[str, list[tuple[str, list[str]]] | None]]:
        """The rows of each sentence and where it begins; None for the beginning of a document."""
        separator: str | None = None
        first = True
        rows: list[tuple[str, list[str]]] = []
        for where, line in read_lines(path):
            line = line.rstrip("\r\n")
            is_document = line.startswith(_DOCUMENT)
            if line.strip() and not is_document and not (self.comment and line.startswith(self.comment)):
                if first:
                    separator, first = "\t" if "\t" in line else None, False
                rows.append((where, _fields(line, separator)))
            elif not line.strip() or is_document:
                if rows:
                    yield rows[0][0], rows
                    rows = []
                if is_document:
                    yield where, None
        if rows:
            yield rows[0][0], rows


def _fields(line: str, separator: str | None) -> list[str]:
    return line.split(separator) if separator else re.split(r"[ \t]+", line.strip(" \t"))


def _field(fields: list[str], column: int, where: str) -> str:
    if not -len(fields) <= column < len(fields):
        raise ConfigurationError(f"{where}: there is no column {column}, the line has {len(fields)} fields")
    field = fields[column].strip()
    if not field:
        raise ConfigurationError(f"{where}: column {column} is blank")
    return field


def _tag(tag: str, where: str) -> str:
    """A tag with one of the prefixes that `TagScheme` decodes, and a type."""
    if tag == "O":
        return tag
    prefix, _, label = tag.partition("-")
    if prefix not in _PREFIXES:
        known = ", ".join(sorted(_PREFIXES))
        raise ConfigurationError(
            f"{where}: {tag!r} is no tag: expected O, or a prefix ({known}) and a type as in B-PER; "
            "the option 'tags' says which column has the tags"
        )
    return f"{_PREFIXES[prefix]}-{label or UNTYPED}"
