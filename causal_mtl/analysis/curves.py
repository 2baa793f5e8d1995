"""What a training logged epoch by epoch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Curves = dict[str, Sequence[float | None]]
"""Of each quantity, such as "validation_relations/exact_f1", one value per epoch; None where it was not logged."""

_DIGITS = 5
"""Enough to draw by, and a third of what all digits would take in an export."""


def read_curves(directory: Path) -> Curves:
    """The losses and scores of ``metrics.jsonl``, rounded to five digits; nothing if there is no such file."""
    path = directory / "metrics.jsonl"
    if not path.is_file():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    names = dict.fromkeys(name for line in lines for name, value in line.items() if _is_curve(name, value))
    return {name: [_rounded(line.get(name)) for line in lines] for name in names}


def _is_curve(name: str, value: Any) -> bool:
    measured = name.startswith(("training_", "validation_")) and name != "validation_seconds"
    return measured and isinstance(value, int | float)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
