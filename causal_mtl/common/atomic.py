"""Files and directories that are either complete or not there: how this library writes what it will read again."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Any

UNFINISHED = ".unfinished_"
"""Prefix of the name under which a file or directory is written; what has it was left by a crash."""
DELETED = ".deleted_"
"""Prefix of the name that a directory gets before it is deleted, so that half of it never counts as whole."""

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors that no change to the command line, the config or the data would help against."""


@contextmanager
def complete_file(path: str | PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well it is flushed to disk and renamed to `path`.

    Until then, and when the block raises, a file that was at `path` stays as it was.

    Raises:
        OSError: the file cannot be written (no space, no permission); it names the file.
    """
    final = Path(path)
    unfinished = final.with_name(f"{UNFINISHED}{final.name}")
    try:
        with naming(final):
            yield unfinished
            flush(unfinished)
            unfinished.replace(final)
            flush(final.parent)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def complete_directory(path: str | PathLike[str]) -> Iterator[Path]:
    """Yield a new temporary directory beside `path`; when the block ends well it is flushed and renamed to `path`.

    What was at `path` stays as it was until then, and when the block raises. A crash can leave nothing there, but
    never a part.

    Raises:
        OSError: as for `complete_file`.
    """
    final = Path(path)
    unfinished = final.with_name(f"{UNFINISHED}{final.name}")
    remove(unfinished)
    try:
        with naming(final):
            unfinished.mkdir(parents=True)
            yield unfinished
            for inner in sorted(unfinished.rglob("*")):
                with naming(inner):
                    flush(inner)
            flush(unfinished)
            remove(final)
            unfinished.rename(final)
            flush(final.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def remove(path: Path) -> None:
    """Delete a file or directory, if it is there; a crash leaves it whole or under a name with `DELETED`."""
    if path.is_dir() and not path.is_symlink():
        doomed = path.with_name(f"{DELETED}{path.name.removeprefix(DELETED)}")
        if doomed != path:
            shutil.rmtree(doomed, ignore_errors=True)  # of an earlier crash
            path.rename(doomed)
        shutil.rmtree(doomed)
    else:
        path.unlink(missing_ok=True)


def remove_leftovers(directory: Path, *prefixes: str) -> None:
    """Delete what crashes left in `directory`: names with `UNFINISHED`, `DELETED` or one of `prefixes`."""
    if directory.is_dir():
        for path in directory.iterdir():
            if path.name.startswith((UNFINISHED, DELETED, *prefixes)):
                remove(path)


def write_text(path: str | PathLike[str], text: str) -> None:
    """Write a UTF-8 text file by `complete_file`."""
    with complete_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_json(path: str | PathLike[str], value: Any) -> None:
    """Write `value` as indented JSON by `complete_file`.

    Raises:
        ValueError: it holds NaN or an infinite number, which JSON has not.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def append_line(path: Path, line: str) -> None:
    """Add a line to a text file and flush it to disk. A crash can leave a part of the line, without its end."""
    with naming(path), path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def flush(path: Path) -> None:
    """Have the operating system write a file, or a directory's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def naming(path: str | PathLike[str]) -> Iterator[None]:
    """Add the name of the file to an `OSError` that lacks it, as that of a full disk does."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


def is_full_disk(error: Exception) -> bool:
    """Whether a file could not be written, though all that was asked for was right."""
    return isinstance(error, OSError) and error.errno in _NO_SPACE and error.filename is not None
