"""One process computes the features of a key; others that need them wait."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from causal_mtl.common.atomic import naming
from causal_mtl.training.lock import locked_file

logger = logging.getLogger(__name__)


class InUseError(Exception):
    """Another process has the lock."""


@contextmanager
def alone_with(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock, as long as this process lives at most.

    Args:
        path: of the lock's file, which is there as long as somebody has the lock.
        wait: for another process that has it.

    Raises:
        InUseError: another process has it, and this one shall not wait.
        OSError: the file cannot be made, or its file system has no locks.
    """
    with ExitStack() as held:
        with naming(path):
            held.enter_context(locked_file(path, lambda file: _lock(file, path, wait)))
        yield


def _lock(file: TextIO, path: Path, wait: bool) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if not wait:
            raise InUseError(str(path)) from None
        logger.info("waiting for another process that computes these features (%s)", path)
        fcntl.flock(file, fcntl.LOCK_EX)
