"""Processes that end when we end, at the latest."""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from causal_mtl.common import ConfigurationError

_SECONDS_TO_TIDY_UP = 10.0


def start(command: Sequence[str], log: Path, threads: int, lock: int) -> subprocess.Popen:
    """Start a process.

    It gets a session of its own, so that Ctrl-C reaches it once, by `end`, and not from the terminal as well.
    If it is Python it writes at once: buffered output would come after errors that were printed later.

    Args:
        command: and its arguments.
        log: the command, and what it prints, come after what is there.
        threads: for torch.
        lock: what `alone` gave.
    """
    with log.open("a", encoding="utf-8") as file:
        print(f"$ {shlex.join(command)}", file=file, flush=True)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            pass_fds=[lock],
        )


def failure(process: subprocess.Popen) -> str:
    """How a process that has ended failed: "" if it did not, else such as "exit status 1" or "Killed"."""
    code = process.returncode
    if code < 0:
        return signal.strsignal(-code) or f"signal {-code}"
    return f"exit status {code}" if code else ""


def end(processes: Sequence[subprocess.Popen]) -> None:
    """Have all processes tidy up as after Ctrl-C, and kill those that do not."""
    for process in processes:
        process.send_signal(signal.SIGINT)
    try:
        until = time.monotonic() + _SECONDS_TO_TIDY_UP
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
    finally:  # also after a second, impatient Ctrl-C
        for process in processes:
            process.kill()


@contextmanager
def alone(directory: Path) -> Iterator[int]:
    """Keep out others that would do this in `directory` at the same time.

    Processes inherit the lock: it holds as long as any of them lives, even if we are killed.

    Raises:
        ConfigurationError: somebody is at work there.
    """
    with (directory / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"another sweep, or a training that it left behind, is still at work in {directory}"
            ) from None
        yield file.fileno()


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """While this lasts SIGTERM and the loss of the terminal are as Ctrl-C, unless they are ignored (nohup).

    Ctrl-C itself is ignored where a shell's script has put us into the background. For us that holds; but
    processes inherit it, and would then not hear `end`, which they do not if we handle the signal and do nothing.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def nothing(*_: object) -> None:
        pass

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    ours = {number: interrupt for number, handler in before.items() if handler is not signal.SIG_IGN}
    ours.setdefault(signal.SIGINT, nothing)
    for number, handler in ours.items():
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
