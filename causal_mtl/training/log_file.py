"""The log of a training, in a file."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def log_file(path: Path | None) -> Iterator[None]:
    """Write the library's log to `path` as well."""
    if path is None:
        yield
        return
    ours = logging.getLogger("causal_mtl")
    level = ours.level
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    ours.addHandler(handler)
    ours.setLevel(min(level or logging.INFO, logging.INFO))
    try:
        yield
    finally:
        ours.removeHandler(handler)
        handler.close()
        ours.setLevel(level)
