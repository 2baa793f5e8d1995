"""Where subcommands write: a file, standard output (``-``), a device or a pipe; checked before the work."""

from __future__ import annotations

import gzip
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from causal_mtl.common import ConfigurationError

if TYPE_CHECKING:
    from causal_mtl.analysis.tables import Table

STANDARD = "-"
"""Stands for standard output, and for standard input."""


def check_outputs(**outputs: str | os.PathLike[str] | None) -> None:
    """Make the directories of all outputs and see that each can be written, so that no work is done in vain.

    Args:
        **outputs: paths by the name of their option (``output_file``); None is standard output or not asked for.

    Raises:
        ConfigurationError: naming the option and what is wrong.
    """
    seen: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        shown = "--" + option.replace("_", "-")
        if str(path) == STANDARD:
            standard_output(shown)
            continue
        final = _final(path, shown)
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"{shown}: cannot make the directory {final.parent}: {error}") from None
        if final.is_dir():
            raise ConfigurationError(f"{shown}: {path} is a directory; give the path of a file")
        if not os.access(final if final.exists() else final.parent, os.W_OK):
            raise ConfigurationError(f"{shown}: no permission to write {path}")
        if final in seen and _is_replaceable(final):
            raise ConfigurationError(f"{shown}: {path} is that of {seen[final]} already")
        seen[final] = shown


def as_line(record: Mapping[str, Any]) -> bytes:
    """A record as a line of strict JSON in UTF-8.

    Raises:
        ConfigurationError: it is no JSON: a predictor of one's own made it, or a score is NaN.
    """
    from causal_mtl.common.strict_json import check

    try:
        return (json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        check(record)  # says where
        raise ConfigurationError(f"this cannot be written as JSON: {error}") from None


def standard_output(option: str = "--output-file") -> IO[bytes]:
    """The bytes of standard output.

    Raises:
        ConfigurationError: it is closed.
    """
    if sys.stdout is None:
        raise ConfigurationError(f"standard output is closed: give {option} FILE")
    return sys.stdout.buffer


def standard_input() -> IO[bytes]:
    """The bytes of standard input.

    Raises:
        ConfigurationError: it is closed.
    """
    if sys.stdin is None:
        raise ConfigurationError("standard input is closed: give the path of a file in place of -")
    return sys.stdin.buffer


@contextmanager
def open_output(path: str | os.PathLike[str] | None) -> Iterator[IO[bytes]]:
    """Open an output.

    A file is written to ``FILE.partial`` beside it, which takes its place when the block ends well: whatever goes
    wrong leaves an earlier FILE alone and keeps what was done. Of a symbolic link the file that it points to is
    replaced. Devices and pipes are written to as they are. What ends in ``.gz`` is compressed, without the time:
    equal content gives equal bytes.

    Args:
        path: None or ``-`` is standard output.
    """
    with _open_raw(path) as output:
        if not str(path).endswith(".gz"):
            yield output
            return
        with gzip.GzipFile(filename="", fileobj=output, mode="wb", mtime=0) as compressed:
            yield compressed  # type: ignore[misc]  # a file of bytes in all but its annotations


@contextmanager
def _open_raw(path: str | os.PathLike[str] | None) -> Iterator[IO[bytes]]:
    if path is None or str(path) == STANDARD:
        output = standard_output()
        yield output
        output.flush()
        return
    final = _final(path, str(path))
    if not _is_replaceable(final):
        with final.open("wb", buffering=0) as raw, os.fdopen(os.dup(raw.fileno()), "wb") as device:
            yield device
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(final.name + ".partial")
    with partial.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    if final.exists():
        partial.chmod(stat.S_IMODE(final.stat().st_mode))
    partial.replace(final)


def write_text(path: str | os.PathLike[str] | None, text: str) -> None:
    """Write a text by `open_output`."""
    with open_output(path) as output:
        output.write(text.encode("utf-8", "backslashreplace"))


def flush_standard_output() -> None:
    """Write out what was printed now, when an error can still be reported; a closed output is left alone."""
    if sys.stdout is not None:
        sys.stdout.flush()


def finish_standard_output() -> None:
    """After an error: what was printed before it, if that can be written at all."""
    try:
        flush_standard_output()
    except OSError:
        drop_standard_output()


def drop_standard_output() -> None:
    """Nobody reads standard output any more: have Python not complain of it when it ends."""
    if sys.stdout is not None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _final(path: str | os.PathLike[str], shown: str) -> Path:
    """What a path stands for once symbolic links are followed."""
    if not str(path).strip() or "\0" in str(path):
        raise ConfigurationError(f"{shown}: expected the path of a file, got {str(path)!r}")
    try:
        given = Path(path)
        return given.resolve() if given.is_symlink() and _is_replaceable(given) else given
    except (OSError, RuntimeError, ValueError) as error:  # a circle of links, a null byte
        raise ConfigurationError(f"{shown}: {path!r} is no path: {error}") from None


def _is_replaceable(path: Path) -> bool:
    """Whether there is a plain file, or nothing."""
    return path.is_file() or not path.exists()


def write_report(
    path: str | os.PathLike[str] | None, report: dict[str, Any], tables: Iterable[Table] | None
) -> None:
    """Write `tables` as text, or where there are none `report` as JSON, as `write_text` does."""
    from causal_mtl.analysis.tables import render

    if tables is None:
        write_text(path, json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    else:
        write_text(path, "\n".join(render(table, "text") for table in tables))
