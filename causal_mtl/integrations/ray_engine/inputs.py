"""Which files are predicted, and their records in windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob
from itertools import islice
from pathlib import Path

from causal_mtl.common import ConfigurationError
from causal_mtl.data.records import numbered_lines, open_lines
from causal_mtl.integrations.ray_engine.parquet_input import is_parquet, rows_as_lines

SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")


@dataclass(frozen=True)
class Window:
    """Records that are predicted together.

    Attributes:
        numbers: their lines in the file, from 1; of a Parquet file their rows.
        lines: each as JSON in UTF-8, with a byte order mark or damage as it was read.
    """

    numbers: list[int]
    lines: list[bytes]


def find_inputs(given: str, output: str | None = None) -> list[Path]:
    """The files of a path: itself, those of a folder, or those that match a pattern, ordered by name.

    Files of a folder whose name begins with "." or "_" are passed over, as Spark's and Ray's own are.

    Args:
        given: the path.
        output: where predictions will be written.

    Raises:
        ConfigurationError: there are none, or one is of a kind that cannot be read here, or kinds are mixed, or
            `output` would be an input of the next run.
    """
    path = Path(given)
    if output is not None and not path.is_file() and _is_among(Path(output).absolute(), path.absolute()):
        raise ConfigurationError(
            f"{output}: lies among the input ({given}), so the next run would predict it again; write it elsewhere"
        )
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file() and file.name[0] not in "._")
    else:
        files = [path] if path.exists() else [Path(name) for name in sorted(glob(given))]
    if not files:
        raise ConfigurationError(f"predict: no file is {given!r}, or is in or matches it")
    for file in files:
        if not file.name.endswith(SUFFIXES):
            raise ConfigurationError(f"{file}: the ray engine reads files named {', '.join(SUFFIXES)}")
    if len({is_parquet(file) for file in files}) > 1:
        raise ConfigurationError(f"{given}: both Parquet and JSON lines; predict them one after the other")
    return [file.absolute() for file in files]


def _is_among(output: Path, given: Path) -> bool:
    """Whether `output` is in a folder, or matches a pattern."""
    if given.is_dir():
        return output.parent.resolve() == given.resolve() and output.name[0] not in "._"
    return output.match(str(given))


def windows(path: Path, size: int) -> Iterator[Window]:
    """The records of a file in windows of `size`; the last can be smaller. Blank lines are passed over.

    Raises:
        ConfigurationError: after the whole windows before it: the file cannot be read on; or it is a JSON list.
    """
    if is_parquet(path):
        yield from _windows(rows_as_lines(path, size), size)
        return
    with open_lines(path) as lines:
        is_list, numbered = numbered_lines(lines)
        if is_list:
            raise ConfigurationError(
                f"{path}: a JSON list; the ray engine reads one object per line (the plain engine reads lists)"
            )
        yield from _windows(((number, _raw(line)) for number, line in numbered), size)


def _windows(numbered: Iterable[tuple[int, bytes]], size: int) -> Iterator[Window]:
    records = iter(numbered)
    while taken := list(islice(records, size)):
        yield Window([number for number, _ in taken], [line for _, line in taken])


def _raw(line: str | bytes) -> bytes:
    return line.encode("utf-8", "surrogateescape") if isinstance(line, str) else line
