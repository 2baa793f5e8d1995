"""Pieces that readers of spans and relations share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Relation, RelationAnnotation, Span, SpanAnnotation
from causal_mtl.data.records import expect

T = TypeVar("T")


def unique(items: Iterable[T], notes: Counter[str], note: str) -> list[T]:
    """`items` without repetitions, in order; what is left out is counted in ``notes[note]``."""
    items = list(items)
    kept = list(dict.fromkeys(items))
    if len(kept) < len(items):
        notes[note] += len(items) - len(kept)
    return kept


def checked_span(fields: Sequence[Any], length: int, where: str) -> Span:
    """A span from its fields: start and end (token indices, end exclusive) and label.

    Raises:
        ConfigurationError: an index is no integer, the label no string, or the span not within `length` tokens.
    """
    start, end = (expect(index, int, where) for index in fields[:2])
    if not 0 <= start < end <= length:
        raise ConfigurationError(f"{where}: the mention [{start}, {end}) does not lie within {length} tokens")
    return Span(start, end, expect(fields[2], str, where))


def span_annotation(
    spans: Iterable[Span], notes: Counter[str], unplaced: Iterable[tuple[str, str]] = ()
) -> SpanAnnotation:
    """Spans in order of position; repetitions are counted as ``duplicate span``."""
    return SpanAnnotation(tuple(sorted(unique(spans, notes, "duplicate span"))), tuple(unplaced))


def relation_annotation(
    relations: Iterable[Relation], notes: Counter[str], unplaced: Iterable[tuple[str, str, str]] = ()
) -> RelationAnnotation:
    """Relations in the order given; repetitions are counted as ``duplicate relation``."""
    return RelationAnnotation(tuple(unique(relations, notes, "duplicate relation")), tuple(unplaced))


def other_keys(record: Mapping[str, Any], *known: str) -> dict[str, Any]:
    """What a record carries besides the keys that the reader understands: its metadata."""
    return {key: value for key, value in record.items() if key not in known}


def check_names(**tasks: str) -> None:
    """Raise a `ConfigurationError` if two arguments of a reader name the same task."""
    names: dict[str, str] = {}
    for argument, task in tasks.items():
        if task in names:
            raise ConfigurationError(
                f"{names[task]} and {argument} are two tasks, but both are named {task!r}"
            )
        names[task] = argument
