"""JSON as every program reads it, within limits: what Python's `json` takes besides is refused by key."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from causal_mtl.common.errors import ConfigurationError
from causal_mtl.common.text import join

MAX_BYTES = 16 << 20
"""Of a file that is read whole, unless its reader says otherwise."""

MAX_DEPTH = 100
"""Lists and objects within each other; Python's own limit differs between versions and call stacks."""

MAX_DIGITS = 300
"""Of an integer; more do not fit a 64-bit floating-point number, and Python refuses to print some thousands."""

_LONG = re.compile(rf"[0-9]{{{MAX_DIGITS + 1}}}")
_BLANKS = re.compile(r"[ \t\n\r]*")


def read_json_object(path: Path, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The object in a JSON file that somebody else may have written, keys sorted.

    Raises:
        ConfigurationError: one line that begins with the file's name: it is missing, larger than `max_bytes`, not
            UTF-8, not JSON, no object, or `check` refuses it.
    """
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise ConfigurationError(f"{path.name}: {size:,} bytes, more than the {max_bytes:,} allowed")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path.name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path.name}: not JSON: {error}") from None
    try:
        value = parse(text)
        check(value)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path.name}: {error}") from None
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path.name}: expected an object, got {type(value).__name__}")
    return in_order(value)


def in_order(value: Any) -> Any:
    """The same with the keys of objects sorted."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(item) for item in value] if isinstance(value, list) else value


def parse(text: str) -> Any:
    """The value that `text` holds, not yet checked (see `check`).

    Raises:
        ConfigurationError: it is malformed; the message gives the column, and the line if that is not the first.
    """
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if error.lineno > 1 else ""
        raise ConfigurationError(f"malformed JSON: {error.msg} at {line}column {error.colno}") from None
    except RecursionError:
        raise ConfigurationError("malformed JSON: nested too deeply") from None


def parse_list(text: str) -> Iterator[tuple[int, Any]]:
    """The items of a JSON list one after another, each with the line (from 1) at which it begins.

    Raises:
        ConfigurationError: the list is malformed from here on; the message begins with the line.
    """
    position = _BLANKS.match(text).end()  # type: ignore[union-attr]
    line = 1 + text.count("\n", 0, position)
    counted, position = position, position + 1  # behind the bracket
    expected = ""
    while True:
        position = _BLANKS.match(text, position).end()  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, position), position
        if text.startswith("]", position) and expected != "item":
            break
        if expected == "comma":
            if not text.startswith(",", position):
                raise ConfigurationError(
                    f"{line}: malformed JSON: expected ',' or ']' after an item of the list"
                )
            position, expected = position + 1, "item"
            continue
        try:
            item, position = _decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"{error.lineno}: malformed JSON: {error.msg}") from None
        except RecursionError:
            raise ConfigurationError(f"{line}: malformed JSON: nested too deeply") from None
        yield line, item
        expected = "comma"
    rest = _BLANKS.match(text, position + 1).end()  # type: ignore[union-attr]
    if rest < len(text):
        line += text.count("\n", counted, rest)
        raise ConfigurationError(f"{line}: malformed JSON: text after the end of the list")


def check(value: Any) -> None:
    """Refuse what JSON cannot hold, or other programs cannot read.

    That is: NaN and infinite numbers, integers of more than `MAX_DIGITS` digits, halves of surrogate pairs,
    nesting beyond `MAX_DEPTH`, a key given twice, and (from Python) values that are no JSON.

    Raises:
        ConfigurationError: the message begins with the path of the key.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except (ValueError, TypeError, RecursionError, OverflowError):  # UnicodeEncodeError is a ValueError
        _explain(value, "", 0)
        raise ConfigurationError("this is no JSON that can be written again") from None
    if text.count("[") + text.count("{") > MAX_DEPTH or _TWICE_WRITTEN in text or _LONG.search(text):
        _explain(value, "", 0)


def is_text(string: str) -> bool:
    """Whether UTF-8 can hold `string`: it has no half of a surrogate pair."""
    try:
        string.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _explain(value: Any, path: str, depth: int) -> None:
    """Raise for the first thing in `value` that `check` refuses."""
    if depth > MAX_DEPTH:
        _refuse(path, f"nested too deeply (more than {MAX_DEPTH} lists and objects within each other)")
    if isinstance(value, dict):
        if _TWICE in value:
            _refuse(path, f"the key {value[_TWICE]!r} is given twice")
        for key, below in value.items():
            if not isinstance(key, str):
                _refuse(path, f"the key {key!r} is no string")
            if not is_text(key):
                _refuse(path, f"the key {key!a} has half of a surrogate pair")
            _explain(below, join(path, key), depth + 1)
    elif isinstance(value, list | tuple):
        for number, below in enumerate(value):
            _explain(below, join(path, number), depth + 1)
    elif isinstance(value, str):
        if not is_text(value):
            _refuse(path, "the string has half of a surrogate pair")
    elif isinstance(value, float):
        if not math.isfinite(value):
            _refuse(path, "the number is NaN, infinite or too large")
    elif isinstance(value, int):
        if abs(value) >= 10**MAX_DIGITS:
            _refuse(path, f"the number has more than {MAX_DIGITS} digits")
    elif value is not None:
        _refuse(path, f"expected JSON, got {type(value).__name__}")


def _refuse(path: str, message: str) -> NoReturn:
    path = path if path.isprintable() else ascii(path)[1:-1]
    shown = path if len(path) <= 80 else f"{path[:40]} … {path[-20:]}"
    raise ConfigurationError(f"{shown}: {message}" if path else message)


_TWICE = "\x00given twice"
"""Stands in an object that was given a key twice, with that key: found by `check`, which knows the path."""
_TWICE_WRITTEN = json.dumps(_TWICE)[1:-1]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        values[_TWICE] = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return values


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS + 1 else math.inf  # one for the sign


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer)
