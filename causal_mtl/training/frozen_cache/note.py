"""What stands beside a table for people: of what it is, and when it was used."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.common.atomic import write_json
from causal_mtl.common.strict_json import read_json_object
from causal_mtl.training.frozen_cache.files import EntryFiles

_MOST_PATHS = 20


@dataclass(frozen=True)
class Note:
    """Nothing depends on it.

    Attributes:
        model: whose features these are.
        data: the files that have used them.
        sentences: how many.
        shape: of the table: tokens, layers, numbers of each.
        made: how: device, threads, seconds, versions.
    """

    model: str
    data: list[str]
    sentences: int
    shape: list[int]
    made: dict[str, Any]


def read_note(entry: EntryFiles) -> Note | None:
    """The note of a table; None if it is not there or damaged."""
    try:
        values = read_json_object(entry.note)
    except (ConfigurationError, OSError):
        return None
    wanted = {"model": str, "data": list, "sentences": int, "shape": list, "made": dict}
    if values.keys() != wanted.keys() or not all(type(values[name]) is kind for name, kind in wanted.items()):
        return None
    if not values["shape"] or not all(type(number) is int for number in values["shape"]):
        return None
    return Note(**values)


def write_use(entry: EntryFiles, note: Note) -> None:
    """Note a use of a table, and that it was now; without permission to write it is let be.

    Args:
        entry: of the table.
        note: with the data that uses it; what an earlier one says of other data and of its making is kept.
    """
    with suppress(OSError, UnicodeError):
        if (earlier := read_note(entry)) is not None:
            paths = list(dict.fromkeys([*earlier.data, *note.data]))[-_MOST_PATHS:]
            note = Note(**{**asdict(note), "data": paths, "made": note.made or earlier.made})
            if note == earlier:
                os.utime(entry.note)
                return
        write_json(entry.note, asdict(note))
