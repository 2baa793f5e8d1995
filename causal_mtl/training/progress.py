"""How far a training is: a live bar in a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

from tqdm import tqdm

from causal_mtl.training.callbacks import TrainingState

_SECONDS_BETWEEN_LINES = 60.0
_SECONDS_BETWEEN_LOSSES = 0.2


class Progress:
    """Shows one epoch after another on `stream` (default: stderr); silent on all processes but the first."""

    def __init__(self, state: TrainingState, stream: TextIO | None = None) -> None:
        self._state = state
        self._stream = stream if stream is not None else sys.stderr
        self._scores = _worth_showing(state)
        self._live = self._stream.isatty()
        self._bar: Any = None
        self._shown = time.monotonic()

    def start_epoch(self) -> None:
        """A new epoch begins at `state.epoch_step` of `state.epoch_steps`."""
        state = self._state
        if state.is_main and self._live:
            self._bar = tqdm(
                desc=f"epoch {state.epoch}/{state.num_epochs}",
                total=state.epoch_steps,
                initial=state.epoch_step,
                unit="step",
                file=self._stream,
                leave=False,
                dynamic_ncols=True,
            )

    def step(self) -> None:
        """An optimizer step was made."""
        state, now = self._state, time.monotonic()
        if self._bar is not None:
            self._bar.update()
            if now - self._shown > _SECONDS_BETWEEN_LOSSES:
                self._shown = now
                parts = [_short(state.losses.means()), _short(self._dev())]
                self._bar.set_postfix_str(" | dev ".join(filter(None, parts)))
        elif now - self._shown > _SECONDS_BETWEEN_LINES:
            self._shown = now
            self._line(f"step {state.epoch_step}/{state.epoch_steps}", _short(state.losses.means()))

    def end_epoch(self) -> None:
        """The epoch was trained and evaluated, and `state.metrics` is its line."""
        self.close()
        metrics = self._state.metrics
        dev = _short(self._dev())
        best = " (best)" if metrics["is_best"] else ""
        parts = [
            f"{metrics['seconds']:.0f} s",
            _short(self._state.losses.means()),
            f"dev {dev}{best}" if dev else "",
        ]
        self._line(*filter(None, parts))

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _dev(self) -> dict[str, float]:
        """The last results on validation data that are worth showing, those that decide first."""
        metrics = self._state.metrics
        return {n: metrics[f"validation_{n}"] for n in self._scores if f"validation_{n}" in metrics}

    def _line(self, *parts: str) -> None:
        if self._state.is_main:
            head = f"epoch {self._state.epoch}/{self._state.num_epochs}"
            print(" | ".join([head, *parts]), file=self._stream, flush=True)


def _worth_showing(state: TrainingState) -> list[str]:
    """The names of results for one line: what decides, the total loss, the main measures of each task."""
    main = [name for task in state.model.tasks for name, measure in task.measures().items() if measure.main]
    return list(dict.fromkeys([*state.deciding, "loss", *main]))


def _short(values: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.4g}" for name, value in values.items())
