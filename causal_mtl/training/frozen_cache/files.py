"""Where features are kept: the directory, and the names of its files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from causal_mtl.common import ConfigurationError
from causal_mtl.common.atomic import UNFINISHED

VARIABLE = "CAUSAL_MTL_CACHE"
"""The environment variable that names the directory."""

_KEY = re.compile("[0-9a-f]{64}")


def cache_directory() -> Path:
    """``$CAUSAL_MTL_CACHE``, or ``causal_mtl/features`` below ``$XDG_CACHE_HOME`` (default: ``~/.cache``).

    It may not be there yet.

    Raises:
        ConfigurationError: none of these is set and this user has no home.
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).expanduser()
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))  # to be ignored if it is relative
    try:
        return (base if base.is_absolute() else Path.home() / ".cache") / "causal_mtl" / "features"
    except RuntimeError:
        raise ConfigurationError(f"there is no home directory to keep features in: set {VARIABLE}") from None


@dataclass(frozen=True)
class EntryFiles:
    """The files of one key.

    Attributes:
        directory: of the cache.
        key: 64 hexadecimal digits, which say what the features depend on.
    """

    directory: Path
    key: str

    @property
    def table(self) -> Path:
        """The features."""
        return self.directory / f"{self.key}.npy"

    @property
    def note(self) -> Path:
        """For people: what they are of; its time of change is that of the last use."""
        return self.directory / f"{self.key}.json"

    @property
    def lock(self) -> Path:
        """Is there while the features are computed."""
        return self.directory / f"{self.key}.lock"


def entries(directory: Path) -> list[EntryFiles]:
    """Every key of which a file is there, unfinished ones included; none if there is no such directory."""
    if not directory.is_dir():
        return []
    names = {path.name for path in directory.iterdir() if path.is_file() and not path.is_symlink()}
    keys = {match[0] for name in names if (match := _KEY.search(name)) and _is_ours(name, match[0])}
    return [EntryFiles(directory, key) for key in sorted(keys)]


def leftovers(entry: EntryFiles) -> list[Path]:
    """The files that a crash while writing can leave."""
    return [path for path in map(_unfinished, (entry.table, entry.note)) if path.exists()]


def _is_ours(name: str, key: str) -> bool:
    entry = EntryFiles(Path(), key)
    names = [entry.table, entry.note, entry.lock]
    return name in {path.name for path in (*names, *map(_unfinished, names[:2]))}


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{UNFINISHED}{path.name}")
