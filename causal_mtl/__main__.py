"""``python -m causal_mtl`` and the console script ``causal-mtl``.

Nothing but the standard library is imported before Ctrl-C is taken care of.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from types import FrameType
from typing import Any

_INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it."""


def run() -> None:
    """Run the command line and exit with its status. Ctrl-C never shows a traceback.

    The first one raises `KeyboardInterrupt`, so that commands can tidy up. A second one exits at once, and so does
    one during an import, where other libraries would swallow the error: files are complete or absent at any time.
    """
    interrupts = _Interrupts()
    _limit_spinning()
    _use_huge_pages()
    try:
        from causal_mtl.commands import main

        status = main()
    except BaseException as error:
        # Ctrl-C during an import can come out as another error.
        if not interrupts.came and not isinstance(error, KeyboardInterrupt):
            raise
        status = _INTERRUPTED
    interrupts.end(status)
    sys.exit(status)


def _limit_spinning() -> None:
    """Let threads of GNU OpenMP sleep soon when they wait for each other; what the environment says wins.

    By default they spin for long. Beside other busy processes a training of small tensors then takes many times as
    long (docs/training.md). Read when torch is loaded.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def _use_huge_pages() -> None:
    """Let torch ask Linux for pages of 2 MiB for large tensors; what the environment says wins.

    Large tensors are fresh memory at every step (training/memory.py). Its pages of 4 KiB took 40% of the processor
    time of a CNN on long texts, those of 2 MiB 26% (benchmarks/NOTES.md). Read when torch is loaded.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


class _Interrupts:
    """Turns the first Ctrl-C into `KeyboardInterrupt`, and the second into an exit.

    Where Ctrl-C is ignored, as in the background of a shell's script, it stays so.
    """

    def __init__(self) -> None:
        self.came = False
        self._reported = sys.unraisablehook
        sys.unraisablehook = self._swallowed
        self._handle(self._interrupt)
        # Registered first, so done last: then Python sets the default back, and one more Ctrl-C would kill it.
        atexit.register(self._handle, signal.SIG_IGN)

    def end(self, status: int) -> None:
        """From now on Ctrl-C only cuts short what Python does at its end."""
        self._handle(lambda *_: os._exit(status))

    def _handle(self, handler: Any) -> None:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, handler)

    def _interrupt(self, _: int, frame: FrameType | None) -> None:
        if self.came or _imports(frame):
            os._exit(_INTERRUPTED)
        self.came = True
        raise KeyboardInterrupt

    def _swallowed(self, unraisable: Any) -> None:
        """Where Python cannot raise, as in a destructor, it would print a traceback and go on."""
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            os._exit(_INTERRUPTED)
        self._reported(unraisable)


def _imports(frame: FrameType | None) -> bool:
    """Whether what `frame` does is part of an import."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    run()
