"""How often windows were begun; apart from the rest, as a process of its own imports it, without torch."""

from __future__ import annotations

from collections import Counter

MAX_ATTEMPTS = 4
"""How many workers may die of one window: it is taken to be its fault then."""


class Attempts:
    """An actor: counts how often each window was begun."""

    def __init__(self) -> None:
        self._begun: Counter[tuple[str, int]] = Counter()

    def begin(self, file: str, line: int) -> int:
        """Count one more for the window that begins there; how often that is now."""
        self._begun[file, line] += 1
        return self._begun[file, line]
