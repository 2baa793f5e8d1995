"""The log of a training, in a file."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import MemoryHandler
from pathlib import Path

from causal_mtl.common.atomic import naming

_LINES = 10_000


class HeldLog(MemoryHandler):
    """Keeps the library's log until it is told a file, which it then writes to."""

    def __init__(self) -> None:
        super().__init__(_LINES, flushLevel=logging.CRITICAL + 1, flushOnClose=False)

    def shouldFlush(self, record: logging.LogRecord) -> bool:
        """As soon as there is a file."""
        return self.target is not None

    def write_to(self, path: Path) -> None:
        """Write what was kept to `path`, and all that follows.

        Raises:
            OSError: the file cannot be written; so does every later line of the log that cannot.
        """
        self.setTarget(_File(path))
        self.flush()

    def close(self) -> None:
        """Close the file."""
        if self.target is not None:
            with suppress(OSError):
                self.target.close()
        super().close()


@contextmanager
def log_file() -> Iterator[HeldLog]:
    """Keep the library's log; the object says where to write it."""
    ours = logging.getLogger("causal_mtl")
    level = ours.level
    handler = HeldLog()
    ours.addHandler(handler)
    ours.setLevel(min(level or logging.INFO, logging.INFO))
    try:
        yield handler
    finally:
        ours.removeHandler(handler)
        handler.close()
        ours.setLevel(level)


class _File(logging.FileHandler):
    """Raises what goes wrong, such as a full disk, where logging would print a traceback and go on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8")
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def handleError(self, record: logging.LogRecord) -> None:
        """Raise the error that is being handled."""
        with naming(self.baseFilename):
            raise
