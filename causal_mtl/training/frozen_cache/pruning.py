"""What is in the cache, and deleting it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from causal_mtl.training.frozen_cache.files import EntryFiles, entries, leftovers
from causal_mtl.training.frozen_cache.locks import InUseError, alone_with
from causal_mtl.training.frozen_cache.note import Note, read_note


@dataclass(frozen=True)
class Entry:
    """The features of one key.

    Attributes:
        files: of the key.
        note: of what they are; None if it is lost.
        size: in bytes; 0 where only leftovers of a crash are there.
        used: when they were last used, in seconds since 1970.
    """

    files: EntryFiles
    note: Note | None
    size: int
    used: float


@dataclass(frozen=True)
class Pruned:
    """What `prune` did.

    Attributes:
        deleted: these are gone.
        in_use: these were to go, but a process reads or computes them.
    """

    deleted: list[Entry]
    in_use: list[Entry]


def contents(directory: Path) -> list[Entry]:
    """All entries of a cache, the most recently used first; files that are not its own are passed over."""
    found = [_entry(files) for files in entries(directory)]
    return sorted(found, key=lambda entry: entry.used, reverse=True)


def is_in_use(entry: Entry) -> bool:
    """Whether a process reads or computes these features now."""
    try:
        with _held(entry.files):
            return False
    except (InUseError, OSError):
        return True


def prune(
    directory: Path,
    now: float,
    *,
    max_age: float | None = None,
    max_size: float | None = None,
    everything: bool = False,
) -> Pruned:
    """Delete features that are not in use, and what crashes left.

    Args:
        directory: of the cache.
        now: in seconds since 1970.
        max_age: delete what was not used for so many seconds.
        max_size: delete what was not used for longest, until so many bytes are left.
        everything: delete all.

    Raises:
        OSError: a file cannot be deleted.
    """
    result = Pruned([], [])
    left = contents(directory)
    size = sum(entry.size for entry in left)
    for entry in reversed(left):
        old = max_age is not None and now - entry.used > max_age
        if everything or old or not entry.size or (max_size is not None and size > max_size):
            if _deleted(entry.files):
                size -= entry.size
                result.deleted.append(entry)
            else:
                result.in_use.append(entry)
    return result


def _entry(files: EntryFiles) -> Entry:
    size, used = 0, 0.0
    for path in (files.table, files.note):
        if path.exists():
            status = path.stat()
            size = status.st_size if path == files.table else size
            used = status.st_mtime  # of the note, if there is one
    return Entry(files, read_note(files), size, used)


def _deleted(files: EntryFiles) -> bool:
    """Delete the files of a key; False: they are in use."""
    try:
        with _held(files):
            for path in (files.table, files.note, *leftovers(files)):
                path.unlink(missing_ok=True)
    except InUseError:
        return False
    return True


@contextmanager
def _held(files: EntryFiles) -> Iterator[None]:
    """Keep others from computing and reading.

    Raises:
        InUseError: somebody does.
        OSError: the directory cannot be written, or its file system has no locks.
    """
    with alone_with(files.lock, wait=False):
        if not files.table.exists():
            yield
            return
        with files.table.open("rb+") as table:
            try:
                fcntl.flock(table, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InUseError(str(files.table)) from None
            yield
