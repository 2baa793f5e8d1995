"""The file ``metrics.jsonl``: one line per epoch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from causal_mtl.common.atomic import append_line, write_text

FILE = "metrics.jsonl"


class MetricLines:
    """The lines so far. Checkpoints hold them too, so damage to the file is repaired by ``--recover``.

    Args:
        directory: of the training.

    Attributes:
        lines: one per epoch, in order.
    """

    def __init__(self, directory: Path) -> None:
        self.path = Path(directory) / FILE
        self.lines: list[dict[str, Any]] = []

    def append(self, line: dict[str, Any], writes: bool = True) -> None:
        """Add the line of an epoch; without `writes` not to the file."""
        self.lines.append(line)
        if writes:
            append_line(self.path, json.dumps(line))

    def restore(self, lines: list[dict[str, Any]] | None, epoch: int, writes: bool = True) -> None:
        """Go back to what there was when `epoch` began.

        Args:
            lines: from a checkpoint; None where it is of an early version: then what can be read in the file.
            epoch: the lines of this and later epochs are dropped from the file, as is a torn one.
            writes: whether to change the file.
        """
        found = lines if lines is not None else _readable(self.path)
        self.lines = [line for line in found if line["epoch"] < epoch]
        text = "".join(json.dumps(line) + "\n" for line in self.lines)
        there = self.path.read_bytes() if self.path.exists() else b""
        if writes and there != text.encode():
            write_text(self.path, text)


def _readable(path: Path) -> list[dict[str, Any]]:
    """The lines of a file that are complete and have an epoch."""
    lines = []
    for text in path.read_bytes().split(b"\n")[:-1] if path.exists() else ():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("epoch"), int):
            lines.append(line)
    return lines
