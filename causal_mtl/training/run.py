"""Everything that one training holds, put together, saved and restored."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from causal_mtl.common import ConfigurationError
from causal_mtl.data.loader import Loader
from causal_mtl.models.model import Model
from causal_mtl.models.output import LOSS_PARTS
from causal_mtl.training.batching import Batching
from causal_mtl.training.callbacks import TrainingState
from causal_mtl.training.checkpointer import Checkpointer, has_manifest
from causal_mtl.training.engine import Engine
from causal_mtl.training.evaluation import names_of_losses, names_of_results
from causal_mtl.training.group_warmup import warm_up
from causal_mtl.training.losses import LossSums
from causal_mtl.training.metric_lines import MetricLines
from causal_mtl.training.metric_tracker import MetricTracker
from causal_mtl.training.non_finite import CAUSES, NonFiniteError, listed, non_finite, reported
from causal_mtl.training.optimizers import make_optimizer
from causal_mtl.training.options import TrainerOptions
from causal_mtl.training.seeds import random_state, restore_random_state, seed_everything

logger = logging.getLogger(__name__)

_SMALLEST_LOSS_SCALE = 2.0**-24
"""Of fp16. It begins at 2**16, and each overflow halves it."""


class Run:
    """One training: the parts that the options ask for, and where it stands.

    Args:
        options: of the trainer.
        model: is moved to the device.
        train_loader: the sentences to train on.
        dev_loader: the sentences to evaluate on after each epoch, or None.
        directory: for ``metrics.jsonl`` and ``checkpoints/``.
        batching: how many sentences go together.
        seed: of batches and of all random generators.
    """

    def __init__(
        self,
        options: TrainerOptions,
        model: Model,
        train_loader: Loader,
        dev_loader: Loader | None,
        directory: Path,
        batching: Batching,
        seed: int,
    ) -> None:
        self.model, self.train_loader, self.dev_loader = model, train_loader, dev_loader
        self.batching, self.seed = batching, seed
        self.engine = Engine(options.device, options.mixed_precision)
        self.micro_batches = options.gradient_accumulation_steps * self.engine.world_size
        self.tracker = MetricTracker(options.validation_metric, options.patience, options.choose_from_epoch)
        if dev_loader is None and options.patience is not None:
            raise ConfigurationError("trainer.patience needs validation data (validation_data_path)")
        if dev_loader is not None:
            self.tracker.check(names_of_results(model.tasks, self.tracker.names))
            self._check_parts(model, dev_loader)

        # Another stream than the one that made the weights, and another on each process.
        seed_everything(seed + 1 + self.engine.rank, options.deterministic)
        self.engine.prepare(model)
        optimizer = make_optimizer(model, options.optimizer, options.parameter_groups)
        warm_up(optimizer)
        self.parameters: list[nn.Parameter] = [p for g in optimizer.param_groups for p in g["params"]]
        self._names = {id(parameter): name for name, parameter in model.named_parameters()}
        self.scheduler = None
        if options.lr_scheduler is not None:
            self.scheduler = options.lr_scheduler.construct(
                optimizer=optimizer,
                num_epochs=options.num_epochs,
                num_training_steps=sum(len(self.steps(epoch)) for epoch in range(1, options.num_epochs + 1)),
            )
        self.optimizer = self.engine.prepare_optimizer(optimizer)
        self.average = options.moving_average
        if self.average is not None:
            self.average.start(model)
        self.state = TrainingState(
            model, directory, self.engine.is_main, options.num_epochs, tuple(self.tracker.names)
        )
        self.checkpointer = Checkpointer(directory, options.keep_checkpoints)
        self.metric_lines = MetricLines(directory)
        self._step_sentences: list[int] = []

    def _check_parts(self, model: Model, loader: Loader) -> None:
        """Refuse to follow a part of a loss that this model lacks: else the first epoch would be lost."""
        parts = [name for name in self.tracker.names if name.rpartition("/")[2] in LOSS_PARTS]
        if parts:
            there = names_of_losses(model, loader, self.engine, [name.rpartition("/")[0] for name in parts])
            self.tracker.check({*names_of_results(model.tasks), *there})

    def steps(self, epoch: int) -> list[list[list[int]]]:
        """The optimizer steps of an epoch (from 1): each a list of micro-batches of instance indices."""
        batches = self.batching.training(self.train_loader.lengths, self.seed, epoch)
        return [batches[i : i + self.micro_batches] for i in range(0, len(batches), self.micro_batches)]

    @property
    def learning_rates(self) -> list[float]:
        """One per parameter group."""
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def append_metrics(self, line: dict[str, Any]) -> None:
        """Add a line to ``metrics.jsonl``."""
        self.state.metrics = line
        self.metric_lines.append(line, writes=self.engine.is_main)

    @property
    def where(self) -> str:
        """Which step is at work, in words."""
        return f"at step {self.state.epoch_step + 1} of epoch {self.state.epoch}"

    @contextmanager
    def step_checked(self, micro_batches: list[list[int]]) -> Iterator[None]:
        """What is not finite within becomes an error with the sentences of this step."""
        self._step_sentences = [index for batch in micro_batches for index in batch]
        with self._reported(self.where, self.train_loader, self._step_sentences):
            yield

    def finish_gradients(self, max_norm: float | None, max_value: float | None) -> None:
        """Sum gradients over processes and clip them.

        Raises:
            NonFiniteError: one is not finite; names the parameters.
        """
        bad = self.engine.finish_gradients(self.parameters, max_norm, max_value)
        if bad:
            names = [self._names.get(id(self.parameters[i]), f"number {i}") for i in bad]
            raise NonFiniteError(
                f"the gradient of {listed(names)} is not finite {self.where}, though the losses are. "
                f"The weights have not been updated with it. {CAUSES}"
            )

    def update(self) -> None:
        """Let the optimizer make its step, unless fp16 overflowed; then scheduler and average follow.

        Raises:
            NonFiniteError: fp16 overflows however small the losses are made.
        """
        if self.engine.step(self.optimizer):
            if self.scheduler:
                self.scheduler.after_step()
            if self.average:
                self.average.update()
        elif self.engine.loss_scale < _SMALLEST_LOSS_SCALE:
            raise NonFiniteError(f"gradients are not finite {self.where}, at any loss scale. {CAUSES}")

    def dev_losses_checked(self, indices: Iterable[int], losses: LossSums) -> None:
        """Refuse losses on validation data that are not finite."""
        assert self.dev_loader is not None
        where = f"on validation data after epoch {self.state.epoch}"
        with self._reported(where, self.dev_loader, indices):
            losses.check_finite(where)

    def check_weights(self) -> None:
        """Refuse weights, and averages of them, that are not finite.

        Raises:
            NonFiniteError: names them.
        """
        averages = self.average.state_dict()["averages"] if self.average else {}
        named = {**self.model.state_dict(), **{f"the average of {n}": value for n, value in averages.items()}}
        if bad := non_finite(named):
            where = f"after step {self.state.step} of the training"
            with self._reported(where, self.train_loader, self._step_sentences):
                raise NonFiniteError(f"weights are not finite {where}: {bad}. They were not saved. {CAUSES}")

    def _reported(self, where: str, loader: Loader, indices: Iterable[int]) -> AbstractContextManager[None]:
        sentences = ((index, loader.instances[index]) for index in indices)
        return reported(self.state.directory, where, sentences, self.engine.rank)

    def save(self) -> None:
        """Write a checkpoint; the first process writes, all give it their random state.

        Raises:
            NonFiniteError: weights are not finite.
        """
        self.check_weights()
        generators = self.engine.gather(random_state())
        losses = self.engine.gather(self.state.losses.sums)
        if self.engine.is_main:
            state = {
                "must_match": self._must_match(),
                "position": self.state.state_dict(),
                "losses": losses,
                "random": generators,
                "tracker": self.tracker.state_dict(),
                "metric_lines": self.metric_lines.lines,
                "optimizer": self.optimizer.state_dict(),
                "scheduler": self.scheduler.state_dict() if self.scheduler else None,
                "average": self.average.state_dict() if self.average else None,
                "engine": self.engine.state_dict(),
            }
            self.checkpointer.save(
                self.model,
                state,
                epoch=self.state.epoch - 1,
                step=self.state.epoch_step,
                best_epoch=self.tracker.best_epoch,
            )
        self.engine.wait()

    def restore(self) -> bool:
        """Go back to the newest checkpoint that can be used; False if there is none at all.

        Raises:
            ConfigurationError: none can be used, or it is of another training than this one.
        """
        path, damaged = self.checkpointer.choose()
        if path is None:
            self.metric_lines.restore([], 1, writes=self.engine.is_main)
            return False
        self._warn(path, damaged)
        state = self.checkpointer.load(path, self.model)
        for name, value in self._must_match().items():
            before = state["must_match"].get(
                name, value
            )  # checkpoints of earlier versions lack the precision
            if before != value:
                raise ConfigurationError(
                    f"cannot recover from {path}: {name} was {before} and now is {value}. "
                    "Give the config of the interrupted training, on such a machine as it had, "
                    "or start anew in another directory."
                )
        self.state.load_state_dict(state["position"])
        self.state.losses.sums = state["losses"][self.engine.rank]
        self.tracker.load_state_dict(state["tracker"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler:
            self.scheduler.load_state_dict(state["scheduler"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.engine.load_state_dict(state["engine"])
        restore_random_state(state["random"][self.engine.rank])
        self.metric_lines.restore(state.get("metric_lines"), self.state.epoch, writes=self.engine.is_main)
        self.engine.wait()  # until every process has read what it chose
        if self.engine.is_main:
            self.checkpointer.discard(damaged)
            self.checkpointer.remove_old(self.tracker.best_epoch)  # a crash may have come before that
        logger.info("going on from %s", path)
        return True

    def _warn(self, path: Path, damaged: dict[Path, str]) -> None:
        for other, why in damaged.items():
            logger.warning("%s cannot be used (%s): going back to %s", other, why, path.name)
        if not has_manifest(path):
            logger.warning("%s is of an early version, without hashes: damage would not be noticed", path)

    def load_best(self) -> None:
        """Give the model the weights of the best epoch (without validation data, of the last)."""
        best = self.tracker.best_epoch
        path = self.checkpointer.path(best) if best is not None else self.checkpointer.newest()
        if path is None:
            return
        state = self.checkpointer.load(path, self.model)
        if self.average:
            self.average.load_state_dict(state["average"])
            self.average.copy_to_model()

    def _must_match(self) -> dict[str, Any]:
        """What decides which sentences a step holds and what the state means."""
        return {
            "seed": self.seed,
            "the number of training sentences": len(self.train_loader.lengths),
            "batch_size": self.batching.batch_size,
            "max_tokens": self.batching.max_tokens,
            "micro-batches per step": self.micro_batches,
            "the number of processes": self.engine.world_size,
            'the precision ("auto" takes what a machine has)': self.engine.mixed_precision,
            "the optimizer": type(self.optimizer.optimizer).__name__,
            "lr_scheduler": type(self.scheduler).__name__,
            "moving_average": type(self.average).__name__,
        }
