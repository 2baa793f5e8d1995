"""What an archive can hold: the names of its members, and how large they can be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from causal_mtl.common import ConfigurationError
from causal_mtl.common.strict_json import MAX_BYTES

ARCHIVE = "model.tar.gz"
MANIFEST = "manifest.json"
CONFIG = "config.json"
VOCABULARY = "vocabulary"
WEIGHTS = "weights.safetensors"
RUN = "run.json"
COMBINATIONS = "combinations.json"
FILES = "files"

SINGLE = (MANIFEST, CONFIG, RUN, WEIGHTS, COMBINATIONS)
"""The members that are no directories, in the order of an archive."""

MAX_MEMBERS = 10_000
_MAX_NAME = 255
_MAX_LEVELS = 16


def check_name(name: str) -> str:
    """The name of a member, such as ``vocabulary/tokens.txt``.

    Raises:
        ConfigurationError: no archive has such a member, or it would lie outside of the archive's directory.
    """
    parts = name.split("/")
    sound = len(parts) <= _MAX_LEVELS and all(
        part not in ("", ".", "..")
        and part.isprintable()
        and "\\" not in part
        and len(part.encode("utf-8", "replace")) <= _MAX_NAME
        for part in parts
    )
    known = (
        name in SINGLE
        or (parts[0] == VOCABULARY and len(parts) == 2 and name.endswith(".txt"))
        or (parts[0] == FILES and len(parts) > 1)
    )
    if not (sound and known):
        raise ConfigurationError(f"not a model archive: no member of one is called {name[:100]!r}")
    return name


def check_size(name: str, size: int) -> None:
    """Refuse a member whose size cannot be right.

    Raises:
        ConfigurationError: it is negative, or larger than what is read at once.
    """
    if size < 0 or (name.endswith(".json") and name in SINGLE and size > MAX_BYTES):
        raise ConfigurationError(f"{name}: {size:,} bytes; at most {MAX_BYTES:,} are allowed")


def members_of(directory: Path) -> dict[str, Path]:
    """The members of an unpacked archive, or of the directory of a training, by name."""
    found = {name: directory / name for name in SINGLE if os.path.lexists(directory / name)}
    vocabulary = ((name, path) for name, path in _walk(directory / VOCABULARY, VOCABULARY, levels=1))
    found |= {name: path for name, path in vocabulary if name.endswith(".txt")}
    return {**found, **dict(_walk(directory / FILES, FILES, _MAX_LEVELS))}


def _walk(folder: Path, name: str, levels: int) -> Iterator[tuple[str, Path]]:
    """The files below `folder`; links are not followed."""
    if os.path.islink(folder):
        yield name, folder
    elif folder.is_dir() and levels:
        for entry in sorted(folder.iterdir()):
            here = f"{name}/{entry.name}"
            if entry.is_dir():
                yield from _walk(entry, here, levels - 1)
            else:
                yield here, entry
