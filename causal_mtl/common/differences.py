"""Where two configs differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ABSENT = "(absent)"


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Compare two configs value by value.

    Args:
        one: nested dictionaries and lists.
        other: the same.

    Returns:
        Of each key path (``model.tasks[1].weight``) whose values differ: the path, the value in `one` and that in
        `other`, `ABSENT` where there is none. In the order of `one`; keys that only `other` has come last.
    """
    left, right = dict(flat(one)), dict(flat(other))
    return [
        (key, left.get(key, ABSENT), right.get(key, ABSENT))
        for key in {**left, **right}
        if left.get(key, ABSENT) != right.get(key, ABSENT)
    ]


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of a config with its key path; empty dictionaries and lists are values.

    Args:
        value: nested dictionaries and lists.
        path: of `value` itself.
    """
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from flat(below, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for number, below in enumerate(value):
            yield from flat(below, f"{path}[{number}]")
    else:
        yield path, value
