"""Files that are either complete or not there: how this library writes what it will read again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Any

UNFINISHED = ".unfinished_"
"""Prefix of the name under which a file or directory is written; what has it was left by a crash."""


@contextmanager
def complete_file(path: str | PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well it is flushed to disk and renamed to `path`.

    Until then, and when the block raises, a file that was at `path` stays as it was.

    Raises:
        OSError: the file cannot be written (no space, no permission).
    """
    final = Path(path)
    unfinished = final.with_name(f"{UNFINISHED}{final.name}")
    try:
        yield unfinished
        flush(unfinished)
        unfinished.replace(final)
        flush(final.parent)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


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


def flush(path: Path) -> None:
    """Have the operating system write a file, or a directory's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
