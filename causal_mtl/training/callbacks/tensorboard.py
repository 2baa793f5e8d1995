"""Curves for TensorBoard."""

from __future__ import annotations

from typing import Any

from causal_mtl.common import ConfigurationError, PositiveInt
from causal_mtl.training.callbacks.callback import Callback, TrainingState


@Callback.register("tensorboard")
class TensorBoardCallback(Callback):
    """Writes losses, rates and dev metrics to ``<directory>/tensorboard``. Registered as "tensorboard".

    Look at them with ``tensorboard --logdir <directory>``. Needs ``pip install 'causal-mtl[tensorboard]'``.

    Args:
        every: write losses and learning rates once in so many optimizer steps.
    """

    def __init__(self, every: PositiveInt = 20) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigurationError(
                'the callback "tensorboard" needs the package tensorboard: '
                "pip install 'causal-mtl[tensorboard]'"
            ) from error
        self._make_writer = SummaryWriter
        self._writer: Any = None
        self._every = every

    def on_start(self, state: TrainingState) -> None:
        """Open the log; points after the step that is resumed from are dropped."""
        if state.is_main:
            self._writer = self._make_writer(str(state.directory / "tensorboard"), purge_step=state.step + 1)

    def on_step(self, state: TrainingState) -> None:
        """Write the epoch's running losses and the learning rates."""
        if self._writer is not None and state.step % self._every == 0:
            for name, value in state.losses.means().items():
                self._writer.add_scalar(f"training/{name}", value, state.step)
            for group, rate in enumerate(state.learning_rates):
                self._writer.add_scalar(f"learning_rate/{group}", rate, state.step)

    def on_epoch(self, state: TrainingState) -> None:
        """Write the dev metrics."""
        if self._writer is not None:
            for name, value in state.metrics.items():
                if name.startswith("validation_"):
                    self._writer.add_scalar(name.replace("_", "/", 1), value, state.step)
            self._writer.flush()

    def on_end(self, state: TrainingState) -> None:
        """Close the log."""
        if self._writer is not None:
            self._writer.close()
