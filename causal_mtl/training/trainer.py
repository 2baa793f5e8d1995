"""The training loop."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError, Registrable
from causal_mtl.data.loader import Loader
from causal_mtl.models.model import Model
from causal_mtl.training.batching import Batching
from causal_mtl.training.evaluation import evaluate
from causal_mtl.training.losses import LossSums
from causal_mtl.training.memory import keep_flat, release_now_and_then
from causal_mtl.training.options import TrainerOptions
from causal_mtl.training.progress import Progress
from causal_mtl.training.run import Run
from causal_mtl.training.step import forward_backward

logger = logging.getLogger(__name__)


class Trainer(TrainerOptions, Registrable):
    """Trains a model epoch by epoch and keeps the best. Registered as "default".

    An optimizer step takes `gradient_accumulation_steps` batches on each process; its gradient is that of one
    large batch. After each epoch the model is evaluated, a line goes to ``metrics.jsonl`` and a checkpoint to
    ``checkpoints/``.

    See `TrainerOptions` for its settings.
    """

    default_implementation = "default"

    def train(
        self,
        model: Model,
        train_loader: Loader,
        dev_loader: Loader | None,
        directory: str | Path,
        *,
        batching: Batching | None = None,
        recover: bool = False,
        seed: int = 13370,
        on_first_step: Callable[[], None] | None = None,
    ) -> dict[str, Any]:
        """Train `model`; afterwards it has the weights of the best epoch (without dev data, of the last).

        Args:
            model: its initial weights count.
            train_loader: what to train on.
            dev_loader: what to choose the best epoch by, or None.
            directory: where ``metrics.jsonl`` and ``checkpoints/`` go.
            batching: sentences or tokens per batch (default: 32 sentences).
            recover: go on from the newest checkpoint in `directory`, if there is one; the result is the same
                as that of a training that was not interrupted.
            seed: of the batches, dropout and whatever else is random in training.
            on_first_step: called once, when the first optimizer step was made.

        Returns:
            "best_epoch", "training_epochs", "training_steps", "training_duration" (seconds),
            "best_validation_<metric>" and, of the last epoch, "training_<loss>".

        Raises:
            ConfigurationError: settings do not fit model, data or machine, or `directory` holds another
                training.
            NonFiniteError: a loss, a gradient or a weight became NaN or infinite.
            OSError: what is written does not fit the disk, say.
        """
        keep_flat()
        run = Run(self, model, train_loader, dev_loader, Path(directory), batching or Batching(), seed)
        run.state.directory.mkdir(parents=True, exist_ok=True)
        if run.checkpointer.newest() and not recover:
            raise ConfigurationError(
                f"{directory} holds a training: recover it (--recover) or overwrite it (--force)"
            )
        if recover:
            run.restore()
        progress = Progress(run.state)
        started = False
        try:
            for callback in self.callbacks:
                callback.on_start(run.state)
            started = True
            self._loop(run, progress, on_first_step)
        except KeyboardInterrupt:
            progress.close()
            newest = run.checkpointer.newest()
            hope = f"go on from {newest} with --recover" if newest else "there is no checkpoint yet"
            print(f"\nInterrupted; {hope}.", file=sys.stderr)
            raise
        finally:
            progress.close()
            for callback in self.callbacks if started else ():
                callback.on_end(run.state)
        run.load_best()
        return self._summary(run)

    def _loop(self, run: Run, progress: Progress, on_first_step: Callable[[], None] | None) -> None:
        state = run.state
        while state.epoch <= self.num_epochs and not run.tracker.should_stop:
            steps = run.steps(state.epoch)
            state.epoch_steps = len(steps)
            progress.start_epoch()
            run.engine.reset_peak_memory()
            run.model.train()
            run.model.begin_epoch(state.epoch)

            for micro_batches in steps[state.epoch_step :]:
                began = time.perf_counter()
                state.learning_rates = run.learning_rates
                with run.step_checked(micro_batches):
                    losses = forward_backward(run.model, run.train_loader, micro_batches, run.engine)
                    losses.check_finite(run.where)
                    run.finish_gradients(self.grad_norm, self.grad_clipping)
                    run.update()

                state.next_step(losses, sum(map(len, micro_batches)), time.perf_counter() - began)
                progress.step()
                if on_first_step is not None:
                    on_first_step()
                    on_first_step = None
                release_now_and_then(state.step)
                for callback in self.callbacks:
                    callback.on_step(state)
                if self.checkpoint_every_steps and state.epoch_step % self.checkpoint_every_steps == 0:
                    run.save()

            validation = self._validate(run)
            is_best = bool(validation) and run.tracker.add(validation, state.epoch)
            if run.scheduler:
                run.scheduler.after_epoch(run.tracker.score)
            state.losses = LossSums.merged(run.engine.gather(state.losses))
            run.append_metrics(self._line(run, validation, is_best))
            progress.end_epoch()
            for callback in self.callbacks:
                callback.on_epoch(state)
            state.next_epoch(validation.get("seconds", 0.0))
            run.save()

    def _validate(self, run: Run) -> dict[str, float]:
        """The dev results, of the averaged weights if there are any; {} without dev data."""
        if run.dev_loader is None:
            return {}
        with run.average.applied() if run.average is not None else nullcontext():
            return evaluate(
                run.model, run.dev_loader, run.engine, run.batching, on_losses=run.dev_losses_checked
            )

    def _line(self, run: Run, validation: dict[str, float], is_best: bool) -> dict[str, Any]:
        """An epoch as one flat line of JSON."""
        state = run.state
        rates = state.learning_rates
        return {
            "epoch": state.epoch,
            "step": state.step,
            **({"lr": rates[0]} if len(rates) == 1 else {f"lr_{i}": rate for i, rate in enumerate(rates)}),
            "seconds": round(state.epoch_seconds, 3),
            "sentences_per_second": round(state.sentences / max(state.epoch_seconds, 1e-9), 1),
            "peak_memory_mb": round(run.engine.peak_memory() / 2**20, 1),
            **{f"training_{name}": value for name, value in state.losses.means().items()},
            **{f"validation_{name}": value for name, value in validation.items()},
            "is_best": is_best,
        }

    def _summary(self, run: Run) -> dict[str, Any]:
        """What `train` returns."""
        last, tracker = run.state.metrics, run.tracker
        return {
            "best_epoch": tracker.best_epoch if tracker.best_epoch is not None else last.get("epoch"),
            "training_epochs": run.state.epoch - 1,
            "training_steps": run.state.step,
            "training_duration": round(run.state.total_seconds, 3),
            **{name: value for name, value in last.items() if name.startswith("training_")},
            **{f"best_validation_{name}": value for name, value in tracker.best_metrics.items()},
        }


Trainer.register("default")(Trainer)
