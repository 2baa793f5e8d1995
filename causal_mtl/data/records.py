"""JSON records of a file, and errors that say where in it they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.common.files import open_text

_KINDS = {str: "a string", int: "an integer", float: "a number", list: "a list", dict: "an object"}


def read_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each JSON object of a file, a JSON list or one object a line, and where it stands ("file:12").

    Raises:
        ConfigurationError: the file is no JSON, or something in it is no object.
    """
    try:
        for where, record in _list_records(path) if _starts_list(path) else _line_records(path):
            if not isinstance(record, dict):
                raise ConfigurationError(f"{where}: expected an object, got {shown(record)}")
            yield where, record
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not a text in UTF-8 ({error.reason})") from None


def read_lines(path: Path, newline: str | None = None) -> Iterator[tuple[str, str]]:
    """Each line of a text file, its end included, and where it stands ("file:12").

    Args:
        path: of the file.
        newline: what ends a line, as in `open`; "" leaves line ends as they are.

    Raises:
        ConfigurationError: the file is no text in UTF-8.
    """
    number = 0
    try:
        with open_text(path, newline=newline) as file:
            for number, line in enumerate(file, start=1):
                yield f"{path}:{number}", line
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path}: after line {number}: not a text in UTF-8 ({error.reason})"
        ) from None


def _starts_list(path: Path) -> bool:
    with open_text(path) as file:
        first = next((line for line in file if line.strip()), "")
    return first.lstrip().startswith("[")


def _list_records(path: Path) -> Iterator[tuple[str, Any]]:
    with open_text(path) as file:
        try:
            records = json.loads(file.read())
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"{path}:{error.lineno}: malformed JSON: {error.msg}") from None
    for number, record in enumerate(records, start=1):
        yield f"{path}: record {number}", record


def _line_records(path: Path) -> Iterator[tuple[str, Any]]:
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise ConfigurationError(
                    f"{path}:{number}: malformed JSON: {error.msg} at column {error.colno}"
                ) from None
            yield f"{path}:{number}", record


def shown(value: Any) -> str:
    """`value` for an error message, cut to one short line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def expect(value: Any, kind: type, where: str) -> Any:
    """`value` itself if it is of that JSON kind.

    Raises:
        ConfigurationError: it is not; the message begins with `where`.
    """
    is_bool = isinstance(value, bool)  # an int to Python, but never what is meant here
    if is_bool or not isinstance(value, (int, float) if kind is float else kind):
        raise ConfigurationError(f"{where}: expected {_KINDS[kind]}, got {shown(value)}")
    return value


def expect_key(record: dict[str, Any], key: str, kind: type, where: str) -> Any:
    """``record[key]`` if it is of that JSON kind.

    Raises:
        ConfigurationError: it is missing or of another kind; the message begins with `where`.
    """
    if key not in record:
        raise ConfigurationError(f"{where}: {key!r} is missing (expected {_KINDS[kind]})")
    return expect(record[key], kind, f"{where}: {key!r}")


def expect_words(value: Any, where: str) -> list[str]:
    """`value` itself if it is a list of tokens: strings that are not blank.

    Raises:
        ConfigurationError: it is not; the message begins with `where`.
    """
    for i, word in enumerate(expect_strings(value, where)):
        if not word.strip():
            raise ConfigurationError(f"{where}[{i}]: a token cannot be blank")
    return value


def expect_strings(value: Any, where: str) -> list[str]:
    """`value` itself if it is a list of strings.

    Raises:
        ConfigurationError: it is not; the message begins with `where`.
    """
    return [expect(item, str, f"{where}[{i}]") for i, item in enumerate(expect(value, list, where))]
