"""What can be hooked into a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from causal_mtl.common import Registrable
from causal_mtl.training.losses import LossSums

if TYPE_CHECKING:
    from causal_mtl.models.model import Model


@dataclass
class TrainingState:
    """Where a training stands.

    Attributes:
        model: the model in training, with its own (not averaged) weights.
        directory: of the training.
        is_main: False on all processes but the first; write files only where it is True.
        num_epochs: at most so many.
        deciding: names of the metrics that choose the best epoch.
        epoch: the running epoch, from 1.
        epoch_step: optimizer steps done in it.
        epoch_steps: optimizer steps it has.
        step: optimizer steps done in the whole training.
        losses: of the running epoch so far (this process's share until the epoch ends).
        sentences: trained on in the running epoch.
        epoch_seconds: spent on training in the running epoch.
        total_seconds: spent on training and evaluation in the epochs before, interruptions left out.
        learning_rates: one per parameter group.
        metrics: the last line of ``metrics.jsonl``; {} before the first.
    """

    model: Model
    directory: Path
    is_main: bool
    num_epochs: int
    deciding: tuple[str, ...] = ()
    epoch: int = 1
    epoch_step: int = 0
    epoch_steps: int = 0
    step: int = 0
    losses: LossSums = field(default_factory=LossSums)
    sentences: int = 0
    epoch_seconds: float = 0.0
    total_seconds: float = 0.0
    learning_rates: list[float] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)

    _SAVED: ClassVar = (
        "epoch",
        "epoch_step",
        "step",
        "sentences",
        "epoch_seconds",
        "total_seconds",
        "learning_rates",
        "metrics",
    )

    def next_step(self, losses: LossSums, sentences: int, seconds: float) -> None:
        """An optimizer step was made."""
        self.losses.update(losses)
        self.step += 1
        self.epoch_step += 1
        self.sentences += sentences
        self.epoch_seconds += seconds

    def next_epoch(self, evaluation_seconds: float) -> None:
        """The running epoch is over; the next has done nothing yet."""
        self.total_seconds += self.epoch_seconds + evaluation_seconds
        self.epoch += 1
        self.epoch_step = self.sentences = 0
        self.epoch_seconds = 0.0
        self.losses = LossSums()

    def state_dict(self) -> dict[str, Any]:
        """The numbers, without model, settings and losses."""
        return {name: getattr(self, name) for name in self._SAVED}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        for name in self._SAVED:
            setattr(self, name, state[name])


class Callback(Registrable):
    """Base of callbacks: override the hooks you need. All are called on every process."""

    def on_start(self, state: TrainingState) -> None:
        """Training begins, or goes on after ``--recover``."""

    def on_step(self, state: TrainingState) -> None:
        """An optimizer step was made."""

    def on_epoch(self, state: TrainingState) -> None:
        """An epoch was trained and evaluated; `state.metrics` is its line of ``metrics.jsonl``."""

    def on_end(self, state: TrainingState) -> None:
        """Training is over, also after an error or Ctrl-C."""
