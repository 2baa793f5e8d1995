"""Files with one string a line, whatever the string."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_ESCAPES = {"\n": "@@NEWLINE@@", "\r": "@@RETURN@@"}  # the first as AllenNLP's


def read_lines(path: Path) -> list[str]:
    """The strings of a file, with or without an end to its last line."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = re.split(r"\r?\n", file.read())
    if lines[-1] == "":
        lines.pop()
    for char, name in _ESCAPES.items():
        lines = [line.replace(name, char) for line in lines]
    return lines


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write each string as a line; line ends within it are escaped; escapes are not."""
    with path.open("w", encoding="utf-8", newline="") as file:
        for line in lines:
            for char, name in _ESCAPES.items():
                line = line.replace(char, name)
            file.write(line + "\n")
