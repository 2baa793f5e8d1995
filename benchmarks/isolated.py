"""A function in a process of its own: its result, and the memory that it took beyond what was there before."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any


def run(function: Callable[..., Any], *arguments: Any) -> tuple[Any, int]:
    """The result of `function(begin, *arguments)`, and by how much memory rose above what it was at `begin()`.

    The function calls `begin` when all is prepared. Linux only.

    Raises:
        RuntimeError: the process died.
    """
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_measure, args=(queue, function, arguments))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{function.__name__}{arguments} ended with {process.exitcode}")
    return queue.get()


def _measure(queue: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    start = [0]

    def begin() -> None:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak: a new process inherits its parent's
        start[0] = _peak()

    result = function(begin, *arguments)
    queue.put((result, _peak() - start[0]))


def _peak() -> int:
    """Bytes of resident memory at the peak."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
