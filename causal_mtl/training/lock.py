"""One training per directory at a time."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from causal_mtl.common import ConfigurationError

logger = logging.getLogger(__name__)

LOCK = ".lock"


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Keep out other trainings in `directory`, which is made if it is not there.

    The operating system holds the lock as long as this process lives: what a dead one left is no obstacle.

    Raises:
        ConfigurationError: another training is at work there, or `directory` is a file.
    """
    if directory.exists() and not directory.is_dir():
        raise ConfigurationError(f"{directory} is not empty: it is a file; name a directory")
    is_new = not directory.exists()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with locked_file(directory / LOCK, lambda file: _lock(file, directory)) as file:
            with suppress(OSError):  # on a full disk the lock holds without the note
                file.truncate(0)
                file.write(f"process {os.getpid()} on {socket.gethostname()}")
                file.flush()
            yield
    finally:
        if is_new:
            with suppress(OSError):  # it is not empty
                directory.rmdir()


@contextmanager
def locked_file(path: Path, lock: Callable[[TextIO], None]) -> Iterator[TextIO]:
    """Open a file, made if it is not there, and hold its lock; at the end it is deleted.

    Args:
        path: of the file.
        lock: gets the lock of an open file, or raises.
    """
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            lock(file)
        except BaseException:
            file.close()
            raise
        if _is_at(file, path):
            break
        file.close()  # whoever had the lock deleted the file after we opened it
    try:
        yield file
    finally:
        with suppress(OSError):
            path.unlink()
        file.close()


def _lock(file: TextIO, directory: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = f" ({text})" if (text := file.read(200)) else ""
        raise ConfigurationError(
            f"another training is at work in {directory}{holder}: wait for it, or name another directory"
        ) from None
    except OSError as error:
        logger.warning(
            "%s: its file system has no locks (%s): start only one training there", directory, error
        )


def _is_at(file: TextIO, path: Path) -> bool:
    """Whether an open file still is the one at `path`."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(file.fileno())
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)
