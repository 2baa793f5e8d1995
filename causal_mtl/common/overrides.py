"""Change single values of a configuration by their dotted paths."""

from __future__ import annotations

import copy
from typing import Any

from causal_mtl.common.errors import ConfigurationErrors, Problem
from causal_mtl.common.text import join, split, suggestion, value_name


def with_overrides(original: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """A deep copy of `original` with `overrides` applied in order.

    Args:
        original: the configuration.
        overrides: values by dotted path, list items by their index (``"model.tasks.1.weight"``). A value
            replaces all that was there. The last segment may be a new key; all before it must exist.

    Raises:
        ConfigurationError: naming every override that matches nothing.
    """
    merged = copy.deepcopy(original)
    problems: list[Problem] = []
    for key, value in overrides.items():
        _apply(merged, [key] if key in original else split(key), copy.deepcopy(value), "", problems)
    if problems:
        raise ConfigurationErrors(problems)
    return merged


def _apply(target: Any, segments: list[str], value: Any, path: str, problems: list[Problem]) -> None:
    """Set `value` at `segments` below `target`, or note why that cannot be."""
    segment, rest = segments[0], segments[1:]
    key: Any = int(segment) if isinstance(target, list) and segment.isdecimal() else segment
    here = join(path, key)
    exists = key in target if isinstance(target, dict) else isinstance(key, int) and key < len(target)
    if not exists and (rest or isinstance(target, list)):
        choices = list(target) if isinstance(target, dict) else [str(index) for index in range(len(target))]
        near = suggestion(segment, choices)
        what = f"override matches nothing{near} (there: {', '.join(choices) or 'nothing'})"
        problems.append(Problem(here, what))
    elif rest and isinstance(target[key], dict | list):
        _apply(target[key], rest, value, here, problems)
    elif rest:
        what = f"override matches nothing below {value_name(target[key])}"
        problems.append(Problem(join(here, rest[0]), what))
    else:
        target[key] = value


def infer_and_cast(value: Any) -> Any:
    """A copy in which strings that read as a boolean, an integer or a number have become one.

    Raises:
        ValueError: something in `value` is not plain data.
    """
    if isinstance(value, dict):
        return {key: infer_and_cast(item) for key, item in value.items()}
    if isinstance(value, list):
        return [infer_and_cast(item) for item in value]
    if value is None or isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        raise ValueError(f"cannot infer type of {value!r}")
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    for convert in (int, float):
        try:
            return convert(value)
        except ValueError:
            continue
    return value
