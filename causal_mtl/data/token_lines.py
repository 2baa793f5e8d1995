"""Files with one string per line, whatever the string."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from causal_mtl.common import ConfigurationError

ESCAPES = {"\n": "@@NEWLINE@@", "\r": "@@RETURN@@"}  # the first as AllenNLP's


def read_lines(path: Path) -> list[str]:
    """The strings of a file, with or without an end to its last line.

    Raises:
        ConfigurationError: a line is not UTF-8.
    """
    lines = path.read_bytes().split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [_decoded(line, f"{path}:{number}") for number, line in enumerate(lines, start=1)]


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write each string as a line; line ends within it are escaped.

    Raises:
        ConfigurationError: a string would not be read back as it is: it holds an escape, or half of a surrogate
            pair.
    """
    with path.open("wb") as file:
        for line in lines:
            written = _escaped(line)
            if _unescaped(written) != line:
                raise ConfigurationError(
                    f"{path}: cannot hold {line!r}: {' and '.join(ESCAPES.values())} stand for line breaks there"
                )
            try:
                file.write(written.encode("utf-8") + b"\n")
            except UnicodeEncodeError:
                raise ConfigurationError(f"{path}: cannot hold {line!a}: half of a surrogate pair") from None


def _escaped(line: str) -> str:
    for char, name in ESCAPES.items():
        line = line.replace(char, name)
    return line


def _unescaped(line: str) -> str:
    for char, name in ESCAPES.items():
        line = line.replace(name, char)
    return line


def _decoded(line: bytes, where: str) -> str:
    try:
        return _unescaped(line.removesuffix(b"\r").decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{where}: not UTF-8: {error.reason}") from None
