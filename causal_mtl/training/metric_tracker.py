"""Which epoch is the best so far, and whether it is time to stop."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from causal_mtl.common import ConfigurationError


class MetricTracker:
    """Follows one number on the development data: the sum of the named metrics, each with its sign.

    Args:
        metrics: one name or several, such as "+relations/exact_f1" (higher is better), "-loss" (lower is
            better) or ["+entities/f1", "+relations/exact_f1"]. A name without a sign is an error.
        patience: stop after this many epochs without a better one; None never stops.
        first_epoch: the first that can be the best; earlier ones do not count for `patience` either.
    """

    def __init__(
        self, metrics: str | Sequence[str], patience: int | None = None, first_epoch: int = 1
    ) -> None:
        names = [metrics] if isinstance(metrics, str) else list(metrics)
        if not names or any(name[:1] not in ("+", "-") or not name[1:] for name in names):
            raise ConfigurationError(
                f'validation_metric: names begin with "+" (higher is better) or "-", not {metrics!r}'
            )
        self._terms = [(name[1:], 1.0 if name[0] == "+" else -1.0) for name in names]
        self._patience = patience
        self._first_epoch = first_epoch
        self.score: float | None = None
        self.best_score: float | None = None
        self.best_epoch: int | None = None
        self.best_metrics: dict[str, float] = {}
        self._epochs_since_best = 0

    @property
    def names(self) -> list[str]:
        """The metrics that are followed, without their signs."""
        return [name for name, _ in self._terms]

    def check(self, names: Collection[str]) -> None:
        """Raise a `ConfigurationError` that lists `names` if a metric that is followed is not there."""
        for name in self.names:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f' Did you mean "{near[0]}"?' if near else ""
                raise ConfigurationError(
                    f'validation_metric: no metric is called "{name}".{hint} '
                    f"There are: {', '.join(sorted(names))}"
                )

    def check_signs(self, higher_is_better: Mapping[str, bool | None]) -> None:
        """Raise a `ConfigurationError` if a sign contradicts what is known of a metric; None is not known."""
        for name, sign in self._terms:
            higher = higher_is_better.get(name)
            if higher is not None and higher != (sign > 0):
                better, right = ("higher", "+") if higher else ("lower", "-")
                raise ConfigurationError(
                    f'validation_metric: of "{name}" {better} is better: "{right}{name}"'
                )

    def add(self, metrics: Mapping[str, float], epoch: int) -> bool:
        """True if these are the best so far (ties keep the earlier epoch; NaN and early epochs are never best)."""
        self.check(metrics)
        self.score = sum(sign * metrics[name] for name, sign in self._terms)
        if epoch < self._first_epoch:
            return False
        if not math.isnan(self.score) and (self.best_score is None or self.score > self.best_score):
            self.best_score, self.best_epoch, self.best_metrics = self.score, epoch, dict(metrics)
            self._epochs_since_best = 0
            return True
        self._epochs_since_best += 1
        return False

    @property
    def should_stop(self) -> bool:
        """Whether patience has run out."""
        return self._patience is not None and self._epochs_since_best >= self._patience

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs; plain values."""
        return {
            "score": self.score,
            "best_score": self.best_score,
            "best_epoch": self.best_epoch,
            "best_metrics": self.best_metrics,
            "epochs_since_best": self._epochs_since_best,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self.score = state["score"]
        self.best_score = state["best_score"]
        self.best_epoch = state["best_epoch"]
        self.best_metrics = state["best_metrics"]
        self._epochs_since_best = state["epochs_since_best"]
