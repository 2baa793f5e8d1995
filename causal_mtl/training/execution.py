"""One training in its directory: checked, begun, trained, scored, packed."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causal_mtl.archive import ARCHIVE, save_archive
from causal_mtl.common.atomic import write_json
from causal_mtl.data import Vocabulary
from causal_mtl.data.loader import Loader
from causal_mtl.models import Model
from causal_mtl.training.checkpointer import Checkpointer
from causal_mtl.training.data_report import describe_splits
from causal_mtl.training.engine import Engine
from causal_mtl.training.evaluation import evaluate
from causal_mtl.training.experiment import Experiment
from causal_mtl.training.frozen_cache import use_cache
from causal_mtl.training.lock import alone_in
from causal_mtl.training.log_file import HeldLog, log_file
from causal_mtl.training.losses import LossSums
from causal_mtl.training.non_finite import NonFiniteError, reported
from causal_mtl.training.note import write_note
from causal_mtl.training.recovery import (
    check_data,
    check_machine,
    check_pretrained,
    check_vocabulary,
    save_vocabulary,
)
from causal_mtl.training.run_directory import (
    LOG,
    METRICS,
    check_directory,
    is_free,
    mark_start,
    mark_step,
    prepare,
    undo_start,
)
from causal_mtl.training.settings import Split

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What a training leaves.

    Attributes:
        directory: all its files.
        metrics: as in ``metrics.json``.
    """

    directory: Path
    metrics: dict[str, Any]

    @property
    def archive(self) -> Path:
        """The trained model."""
        return self.directory / ARCHIVE


class Execution:
    """The training of an experiment in a directory, which nobody else trains in as long as it lasts.

    Until everything is made that the first step needs, nothing is written: a start that fails leaves the directory
    as it was.

    Args:
        experiment: what to train.
        directory: of the training.
        force: delete the training in `directory` first.
        recover: go on with the interrupted training in `directory`.
    """

    def __init__(self, experiment: Experiment, directory: Path, *, force: bool, recover: bool) -> None:
        self.experiment, self.directory = experiment, directory
        self.force, self.recover = force, recover
        trainer = experiment.settings.trainer
        self.engine = Engine(trainer.device, trainer.mixed_precision)
        self._goes_on = False
        self._hashes: dict[str, str] = {}

    def run(self) -> Result:
        """Do all of it.

        Raises:
            ConfigurationError: config, data, machine or directory are not fit for it.
            NonFiniteError: a loss, a gradient or a weight became NaN or infinite.
            OSError: a file cannot be written.
        """
        started = time.perf_counter()
        with ExitStack() as held:
            self.engine.on_main(lambda: held.enter_context(alone_in(self.directory)))
            with log_file() as log, self._undone_if_it_fails():
                # A start that came to no step is not recovered but begun anew.
                self._goes_on = self.engine.gather(self.recover and not is_free(self.directory))[0]
                self.engine.on_main(self._check)
                vocab, model, loaders = self._made()
                self.engine.on_main(lambda: self._begin(vocab, log))
                metrics = self._train(model, loaders)
                metrics |= {"duration": round(time.perf_counter() - started, 3)}
                self.engine.on_main(lambda: self._finish(model, metrics))
        return Result(self.directory, metrics)

    def _check(self) -> None:
        """Refuse, as early as possible and without writing anything."""
        check_directory(
            self.directory,
            self.experiment.config,
            force=self.force,
            recover=self.recover,
            inputs=self.experiment.files(),
        )
        if self._goes_on:
            check_machine(self.directory, self.engine.describe())
            Checkpointer(self.directory).choose()
        self._hashes = self.experiment.hashes()  # before data is read
        if self._goes_on:
            check_data(self.directory, self._hashes)
            check_pretrained(self.directory, self.experiment.pretrained())

    def _made(self) -> tuple[Vocabulary, Model, dict[Split, Loader]]:
        """All that the first step needs."""
        experiment = self.experiment
        vocab = experiment.vocabulary()
        for problem in experiment.problems(vocab, describe_splits(experiment.instances, experiment.tasks)):
            logger.warning(problem)
        # What is wrong is told before features are computed, and before --force deletes anything.
        model, loaders, report = experiment.ready(vocab)
        if report is not None:
            logger.warning("initial weights: %s", report)
        paths = experiment.settings.paths()
        use_cache(model, [(paths[split], loader) for split, loader in loaders.items()], self.engine.device)
        return vocab, model, loaders

    def _begin(self, vocab: Vocabulary, log: HeldLog) -> None:
        """Write what is known before the first step; `vocab` has the model's pretrained words by now."""
        if self._goes_on:
            check_vocabulary(self.directory, vocab)
        else:
            mark_start(self.directory)
        prepare(self.directory, self.experiment.config, force=self.force, recover=self._goes_on)
        log.write_to(self.directory / LOG)
        self.experiment.copy_files(self.directory)
        save_vocabulary(self.directory, vocab)
        write_note(
            self.directory,
            self.experiment.settings.random_seed,
            self._hashes,
            self.engine.describe(),
            self.experiment.tasks.measures(),
            environment=self.experiment.environment,
            pretrained=self.experiment.pretrained(),
        )

    def _train(self, model: Model, loaders: dict[Split, Loader]) -> dict[str, Any]:
        """Train and score; the scores of what is packed are measured on what is packed."""
        settings = self.experiment.settings
        summary = settings.trainer.train(
            model,
            loaders["train"],
            loaders.get("validation"),
            self.directory,
            batching=settings.data_loader,
            recover=self._goes_on,
            seed=settings.random_seed,
            on_first_step=self._first_step,
        )
        self._first_step()
        metrics = {name: value for name, value in summary.items() if not name.startswith("best_validation_")}
        for split in ("validation", "test"):
            if split in loaders:
                scores = self._scores(model, split, loaders[split])
                metrics |= {f"{split}_{name}": value for name, value in scores.items()}
        metrics["num_parameters"] = sum(p.numel() for p in model.parameters())
        metrics["num_trainable_parameters"] = sum(p.numel() for p in model.parameters() if p.requires_grad)
        return metrics

    def _first_step(self) -> None:
        if self.engine.is_main:
            mark_step(self.directory)

    def _scores(self, model: Model, split: Split, loader: Loader) -> dict[str, float]:
        where = f"on {split} data, of the trained model"

        def check(indices: Any, losses: LossSums) -> None:
            sentences = ((index, loader.instances[index]) for index in indices)
            with reported(self.directory, where, sentences, self.engine.rank):
                losses.check_finite(where)

        return evaluate(model, loader, self.engine, self.experiment.settings.data_loader, on_losses=check)

    def _finish(self, model: Model, metrics: dict[str, Any]) -> None:
        save_archive(self.directory, model)
        finite = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in metrics.items()
        }
        write_json(self.directory / METRICS, finite)

    @contextmanager
    def _undone_if_it_fails(self) -> Iterator[None]:
        """Leave nothing of a start that came to no step, unless an error names a file there."""
        try:
            yield
        except NonFiniteError:
            raise
        except BaseException:
            if self.engine.is_main:
                undo_start(self.directory)
            raise
