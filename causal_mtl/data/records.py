"""JSON records of a file, and errors that say where in it they are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.common.files import open_text
from causal_mtl.common.strict_json import check, parse, parse_list

_KINDS = {str: "a string", int: "an integer", float: "a number", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class Entry:
    """What stands at one place of a file of records.

    Attributes:
        line: at which it begins, from 1.
        number: which record of a JSON list, from 1; None in a file of lines.
        record: the object; None if there is an error.
        error: why there is no usable object here.
    """

    line: int
    number: int | None
    record: dict[str, Any] | None = None
    error: str = ""


def read_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each JSON object of a file, a JSON list or one object a line, and where it stands ("file:12").

    Raises:
        ConfigurationError: the file is no JSON, or something in it is no object, or cannot be written again.
    """
    with open_lines(path) as lines:
        entries = read_entries(lines)
        while True:
            try:
                entry = next(entries, None)
            except ConfigurationError as error:  # begins with the line
                raise ConfigurationError(f"{path}:{error}") from None
            if entry is None:
                return
            where = f"{path}:{entry.line}" + (f": record {entry.number}" if entry.number else "")
            if entry.record is None:
                raise ConfigurationError(f"{where}: {entry.error}")
            yield where, entry.record


def open_lines(path: Path) -> AbstractContextManager[Iterable[str]]:
    """The lines of a text file (.gz and .zip too), for `read_entries`, which says where one is not UTF-8."""
    return open_text(path, errors="surrogateescape")


def read_entries(lines: Iterable[str | bytes]) -> Iterator[Entry]:
    """The records of some lines, each an object, or all together a JSON list; blank lines are passed over.

    No more lines are taken than are needed, except for a list.

    Args:
        lines: of bytes, or of text that was decoded with "surrogateescape".

    Raises:
        ConfigurationError: what follows cannot be read: a list is malformed. The message begins with the line.
    """
    is_list, numbered = numbered_lines(lines)
    yield from _list_entries(numbered) if is_list else map(line_entry, numbered)


def numbered_lines(lines: Iterable[str | bytes]) -> tuple[bool, Iterator[tuple[int, str | bytes]]]:
    """Whether these lines together are a JSON list, and each that is not blank with its number, from 1.

    Of a list two lines are taken to see that it is one, else only the first.
    """
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    first = next(numbered, None)
    if first is None:
        return False, numbered
    begin = _decoded_or_none(first[1])
    if begin is None or not begin.lstrip("\ufeff \t").startswith("["):
        return False, chain([first], numbered)
    second = next(numbered, None)
    if second is None:
        return True, iter([first])
    # A line that is a list, among lines, is a line.
    return not _is_whole(begin), chain([first, second], numbered)


def line_entry(numbered: tuple[int, str | bytes]) -> Entry:
    """The entry of one line with its number."""
    number, line = numbered
    try:
        return Entry(number, None, _record(parse(_decoded(line))))
    except ConfigurationError as error:
        return Entry(number, None, error=error.message)


def _list_entries(numbered: Iterable[tuple[int, str | bytes]]) -> Iterator[Entry]:
    pieces: list[str] = []
    for number, line in numbered:
        pieces += ["\n"] * (number - 1 - len(pieces))  # blank lines that were passed over
        try:
            pieces.append(_decoded(line).rstrip("\n") + "\n")
        except ConfigurationError as error:
            raise ConfigurationError(f"{number}: {error}") from None
    for number, (line_number, value) in enumerate(parse_list("".join(pieces)), start=1):
        try:
            yield Entry(line_number, number, _record(value))
        except ConfigurationError as error:
            yield Entry(line_number, number, error=error.message)


def _record(value: Any) -> dict[str, Any]:
    check(value)
    if not isinstance(value, dict):
        raise ConfigurationError(f"expected an object, got {shown(value)}")
    return value


def _is_whole(line: str) -> bool:
    try:
        parse(line.lstrip("\ufeff"))
    except ConfigurationError:
        return False
    return True


def _decoded(line: str | bytes, encoding: str = "utf-8-sig") -> str:
    """A line as text.

    A byte order mark at its beginning is dropped by default: JSON has none, but files that were joined may.

    Raises:
        ConfigurationError: it is not UTF-8.
    """
    try:
        raw = line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"not UTF-8: {error.reason} at byte {error.start + 1} of the line") from None
    except UnicodeEncodeError:  # only from Python: a string with other halves of surrogate pairs
        raise ConfigurationError("not UTF-8: half of a surrogate pair") from None


def _decoded_or_none(line: str | bytes) -> str | None:
    try:
        return _decoded(line)
    except ConfigurationError:
        return None


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Each line of a text file, its end included, and where it stands ("file:12").

    A byte order mark is dropped at the beginning of the file; elsewhere it is a character as others.

    Args:
        path: of the file.

    Raises:
        ConfigurationError: a line is not UTF-8.
    """
    with open_text(path, errors="surrogateescape") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield f"{path}:{number}", _decoded(line, "utf-8")
            except ConfigurationError as error:
                raise ConfigurationError(f"{path}:{number}: {error}") from None


def shown(value: Any) -> str:
    """`value` for an error message, cut to one short line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def expect(value: Any, kind: type[Any], where: str) -> Any:
    """`value` itself if it is of that JSON kind.

    Raises:
        ConfigurationError: it is not; the message begins with `where`.
    """
    is_bool = isinstance(value, bool)  # an int to Python, but never what is meant here
    if is_bool or not isinstance(value, (int, float) if kind is float else kind):
        raise ConfigurationError(f"{where}: expected {_KINDS[kind]}, got {shown(value)}")
    if kind is float and not -sys.float_info.max <= value <= sys.float_info.max:  # NaN fails this too
        raise ConfigurationError(f"{where}: the number is NaN, infinite or too large")
    return value


def expect_key(record: dict[str, Any], key: str, kind: type, where: str) -> Any:
    """``record[key]`` if it is of that JSON kind.

    Raises:
        ConfigurationError: it is missing or of another kind; the message begins with `where`.
    """
    if key not in record:
        raise ConfigurationError(f"{where}: {key!r} is missing (expected {_KINDS[kind]})")
    return expect(record[key], kind, f"{where}: {key!r}")


def expect_strings(value: Any, where: str) -> list[str]:
    """`value` itself if it is a list of strings.

    Raises:
        ConfigurationError: it is not; the message begins with `where`.
    """
    return [expect(item, str, f"{where}[{i}]") for i, item in enumerate(expect(value, list, where))]
