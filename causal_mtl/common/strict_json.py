"""JSON from files that somebody else may have written: read to the letter of the standard, and within limits."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from causal_mtl.common.errors import ConfigurationError

MAX_BYTES = 16 << 20
MAX_DEPTH = 64


def read_json_object(path: Path, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """The object in a JSON file, keys sorted.

    Raises:
        ConfigurationError: one line that begins with the file's name: it is missing, too large, not UTF-8, not
            JSON, nested too deeply, not an object, or holds a key twice, NaN, an infinite number, or half of a
            surrogate pair.
    """
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise ConfigurationError(f"{path.name}: {size:,} bytes, more than the {max_bytes:,} allowed")
        value = parse_json(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path.name}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"{path.name}: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path.name}: expected an object, got {type(value).__name__}")
    return value


def parse_json(text: str) -> Any:
    """The value of strict JSON text; keys of objects are sorted.

    Raises:
        ValueError: it is not JSON to the letter, or is nested more than `MAX_DEPTH` deep.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite
        )
        _check(value, MAX_DEPTH)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {twice!r} is given twice")
    return {key: found[key] for key in sorted(found)}


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large")
    return number


def _check(value: Any, depth: int) -> None:
    """Refuse deep nesting, and strings that UTF-8 cannot hold."""
    if depth < 0:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, dict):
        for key, item in value.items():
            key.encode("utf-8")
            _check(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
