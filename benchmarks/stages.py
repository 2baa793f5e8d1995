"""Where the time of a run goes, by stage."""

from __future__ import annotations

import functools
import time
from collections import defaultdict
from typing import Any


class Stages:
    """Time by stage: each moment counts for the innermost of the timed functions that run; "other" for none."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._running = ["other"]
        self._since = time.perf_counter()

    def time(self, stage: str, owner: Any, name: str) -> None:
        """Have the function `name` of a class or module counted for `stage` from now on."""
        function = getattr(owner, name)

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._lap()
            self._running.append(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self._lap()
                self._running.pop()

        setattr(owner, name, timed)

    def shares(self) -> dict[str, float]:
        """Of each stage its share of all time, the largest first."""
        self._lap()
        total = sum(self.seconds.values())
        largest_first = sorted(self.seconds, key=self.seconds.__getitem__, reverse=True)
        return {stage: self.seconds[stage] / total for stage in largest_first}

    def _lap(self) -> None:
        now = time.perf_counter()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now
