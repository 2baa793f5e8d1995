"""Long sequences in overlapping windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Windows:
    """Cuts sequences into windows of `size` items, of which neighbours share at least `overlap`.

    A sequence that fits is one window, and the last window of a longer one ends with it: it is moved to the left
    rather than short.
    """

    size: int
    overlap: int

    def starts(self, length: int) -> np.ndarray:
        """The first item of each window; none for an empty sequence."""
        if length <= self.size:
            return np.zeros(min(length, 1), dtype=np.int64)
        step = self.size - self.overlap
        number = -(-(length - self.size) // step) + 1
        return np.minimum(np.arange(number) * step, length - self.size)

    def owners(self, length: int, starts: np.ndarray) -> np.ndarray:
        """For each item the window in which it has most context on its poorer side, ``(length,)``.

        All windows are of one size then, so it is the window whose centre is nearest (the earlier of two). At an
        end of the sequence nothing is missing on that side, which changes no choice.
        """
        if len(starts) < 2:
            return np.zeros(length, dtype=np.int64)
        twice_the_middle = starts[:-1] + starts[1:] + self.size - 1
        return np.searchsorted(twice_the_middle, 2 * np.arange(length), side="left")
