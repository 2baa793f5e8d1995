"""Forms of data that can be told from their first record, so that an error can say which reader is meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data.dataset_readers.dataset_reader import DatasetReader
from causal_mtl.data.records import open_lines, read_records

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Form:
    """A form of data.

    Attributes:
        name: as people call it.
        reader: the registered name of the reader that reads it; it need not be registered here.
        keys: that every record of the form has.
        fits: what else must hold of a record that has them.
    """

    name: str
    reader: str
    keys: frozenset[str]
    fits: Callable[[Record], bool] = lambda record: True


def _items(record: Record, *keys: str) -> list[Any]:
    """The items of the lists under these keys."""
    return [item for key in keys if isinstance(record.get(key), list) for item in record[key]]


def _have(record: Record, items: str, *keys: str) -> bool:
    """Whether the items under a key are objects, the first with these keys (an empty list will do)."""
    if not isinstance(record[items], list):
        return False
    first = next(iter(_items(record, items)), None)
    return first is None or (isinstance(first, dict) and all(key in first for key in keys))


def _start_end_label(record: Record) -> bool:
    """Whether there is a list of ``[start, end, label]`` under "label", "labels" or "entities"."""
    found = _items(record, "label", "labels", "entities")
    return bool(found) and isinstance(found[0], list) and len(found[0]) == 3


def _form(name: str, reader: str, keys: str, fits: Callable[[Record], bool] = lambda record: True) -> Form:
    return Form(name, reader, frozenset(keys.split()), fits)


FORMS = (
    _form("the library's own schema", "jsonl", "annotations"),
    _form("CasRel's triples", "triples", "text triple_list"),
    _form("CopyRE's triples", "triples", "sentText relationMentions"),
    _form("triples with offsets of tokens", "triples", "tokens spo_details"),
    _form("SpERT", "spert", "tokens entities", lambda r: _have(r, "entities", "start", "end", "type")),
    _form("DyGIE++", "dygie", "sentences ner"),
    _form("DyGIE++", "dygie", "sentences relations"),
    _form("DocRED", "docred", "sents vertexSet"),
    _form("TACRED", "tacred", "token subj_start obj_start"),
    _form("doccano", "doccano", "text", _start_end_label),
    _form(
        "doccano", "doccano", "text entities", lambda r: _have(r, "entities", "start_offset", "end_offset")
    ),
    _form("CAIL 2018", "cail2018", "fact meta"),
    _form("CEBaB", "cebab", "description review_majority"),
    _form("DuIE", "duie", "text spo_list"),
    _form("TPLinker", "tplinker", "text relation_list"),
    _form("a list of tags per token", "tags", "tokens ner_tags"),
    _form("a list of tags per token", "tags", "tokens tags"),
)
"""The first that fits counts. A reader of another form adds a line here."""

_LINES = (
    ("XML (SemEval 2014, for one)", "semeval14", re.compile(r"\s*<")),
    ("brat's .ann files", "brat", re.compile(r"[TREAN]\d+\t")),
    ("CoNLL04's own columns", "conll04", re.compile(r"\d+\t\S+\t\d+\tO\t")),
    ("CoNLL columns", "conll", re.compile(r"(-DOCSTART-|\S+(\s\S+)*\s([BIESLUM]-\S+|O)\s*$)")),
)
"""Forms that are no JSON: what their first line looks like."""


def hint(record: Record, reader: str) -> str:
    """What to do about a record that `reader` does not understand; empty if its form is not known.

    Args:
        record: as read.
        reader: the registered name of the reader that was asked to read it.
    """
    fitting = [form for form in FORMS if form.keys <= record.keys() and form.fits(record)]
    if not fitting or any(form.reader == reader for form in fitting):
        return ""
    return _advice(fitting[0].name, fitting[0].reader)


def read_json_records(path: Path, reader: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """As `read_records`; data of another known form than that of `reader` is an error that says so.

    Args:
        path: of the file.
        reader: the registered name of the reader that was asked to read it.
    """
    records = read_records(path)
    while True:
        try:
            where, record = next(records)
        except StopIteration:
            return
        except ConfigurationError as error:
            raise ConfigurationError(f"{error}{_line_hint(path, reader)}") from None
        if found := hint(record, reader):
            raise ConfigurationError(f"{where}: {found}")
        yield where, record


def _line_hint(path: Path, reader: str) -> str:
    """What to do about a file that is no JSON, by its first line."""
    with open_lines(path) as lines:
        first = next((line for line in lines if line.strip()), "")[:1000]
    for name, other, pattern in _LINES:
        if other != reader and pattern.match(first):
            return f"; {_advice(name, other)}"
    return ""


def misspelt(record: Record, key: str) -> str:
    """A question after the key of `record` that is nearly `key`; empty if there is none."""
    for other in record:
        if SequenceMatcher(None, other.lower(), key).ratio() >= 0.85:
            return f"unknown key {other!r}; did you mean {key!r}?"
    return ""


def _advice(name: str, reader: str) -> str:
    if reader in DatasetReader.list_available():
        return f'this looks like {name}: read it with `dataset_reader: {{"type": "{reader}"}}`'
    return (
        f"this looks like {name}, for which no reader is registered: turn it into the jsonl schema "
        "(docs/data.md), or write a reader (docs/plugin.md)"
    )
