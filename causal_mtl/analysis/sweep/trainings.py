"""Training many variants: what is to be done, and doing it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from causal_mtl.analysis.sweep import processes
from causal_mtl.analysis.sweep.variants import Variant
from causal_mtl.archive import ARCHIVE, CONFIG
from causal_mtl.common import ConfigurationError, Params
from causal_mtl.training import MetricTracker
from causal_mtl.training.config_file import read_config
from causal_mtl.training.experiment import Experiment
from causal_mtl.training.run_directory import METRICS, is_free, other_settings

State = Literal["new", "to be resumed", "finished"]

_LOGS = "logs"
_SECONDS_BETWEEN_LOOKS = 0.1


@dataclass(frozen=True)
class Training:
    """What is to become of a variant.

    Attributes:
        name: of the variant.
        directory: of the training.
        log: takes what its process prints.
        state: a finished one is left alone.
        command: trains it, or goes on with it.
        measures: the names of its validation metric, without signs.
    """

    name: str
    directory: Path
    log: Path
    state: State
    command: tuple[str, ...]
    measures: tuple[str, ...] = ()

    def scores(self) -> dict[str, float]:
        """The validation metric of a finished training, by name; without what was no number, or is not known."""
        metrics = json.loads((self.directory / METRICS).read_text(encoding="utf-8"))
        found = {name: metrics.get(f"validation_{name}") for name in self.measures}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class Ended:
    """How the process of a training ended.

    Attributes:
        minutes: it ran.
        failure: "" if the training is finished, else such as "exit status 1" or "Killed".
    """

    minutes: float
    failure: str


def plan(variants: Sequence[Variant], root: Path, options: Sequence[str] = ()) -> list[Training]:
    """Resolve the configs of all variants and look how far each one is; nothing is written.

    Args:
        variants: to train.
        root: each is trained in the directory of its name in here.
        options: for ``causal-mtl train``, the same for all.

    Raises:
        ConfigurationError: listing all that is wrong with configs or directories, and of which variants.
    """
    if (root / CONFIG).is_file():
        raise ConfigurationError(f"{root} is itself a training: sweep into another directory")
    trainings: list[Training] = []
    problems: dict[str, list[str]] = {}  # a mistake in a config is the same in all its variants: say it once
    for variant in variants:
        try:
            trainings.append(_planned(variant, root, options))
        except ConfigurationError as error:
            problems.setdefault(str(error).replace("\n", "\n  "), []).append(variant.name)
    if problems:
        listed = (f"{', '.join(names)}:\n  {message}" for message, names in problems.items())
        raise ConfigurationError("\n".join(listed))
    return trainings


def train_all(
    trainings: Sequence[Training],
    root: Path,
    *,
    jobs: int = 1,
    threads: int = 1,
    on_start: Callable[[Training], None] = lambda training: None,
    on_end: Callable[[Training, Ended], None] = lambda training, ended: None,
) -> None:
    """Run the trainings that are not finished; one that fails does not stop the others.

    Args:
        trainings: are started in this order.
        root: as in `plan`.
        jobs: processes at a time.
        threads: of each process.
        on_start: called when a process was started.
        on_end: called when one has ended by itself.

    Raises:
        ConfigurationError: another sweep is at work in `root`.
        KeyboardInterrupt: after Ctrl-C, SIGTERM or SIGHUP. All processes have been ended then.
    """
    waiting = deque(training for training in trainings if training.state != "finished")
    running: list[tuple[Training, subprocess.Popen, float]] = []
    logs = root / _LOGS
    logs.mkdir(parents=True, exist_ok=True)
    with processes.alone(logs) as lock, processes.signals_as_interrupts():
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    training = waiting.popleft()
                    process = processes.start(training.command, training.log, threads, lock)
                    running.append((training, process, time.monotonic()))
                    on_start(training)
                time.sleep(_SECONDS_BETWEEN_LOOKS)
                for entry in [entry for entry in running if entry[1].poll() is not None]:
                    running.remove(entry)
                    training, process, started = entry
                    minutes = (time.monotonic() - started) / 60
                    on_end(training, Ended(minutes, _failure(training, process)))
        finally:
            processes.end([process for _, process, _ in running])


def _planned(variant: Variant, root: Path, options: Sequence[str]) -> Training:
    overrides = json.dumps(variant.overrides)
    experiment = Experiment(read_config(variant.config, overrides))
    directory = root / variant.name
    state = _state(directory, experiment.config)
    command = [sys.executable, "-m", "causal_mtl", "train", variant.config, "-s", str(directory)]
    command += ["-o", overrides, *(["--recover"] if state == "to be resumed" else []), *options]
    measures = MetricTracker(experiment.settings.trainer.validation_metric).names
    log = root / _LOGS / f"{variant.name}.log"
    return Training(variant.name, directory, log, state, tuple(command), tuple(measures))


def _state(directory: Path, config: Params) -> State:
    """How far the training of `config` in `directory` is.

    Raises:
        ConfigurationError: something else is there.
    """
    if is_free(directory):
        return "new"
    elsewhere = "move it away, or sweep into another directory"
    if not (directory / CONFIG).is_file():
        raise ConfigurationError(
            f"{directory} holds something that is no training (no {CONFIG}): {elsewhere}"
        )
    if different := other_settings(directory, config):
        listed = "".join(f"\n  {line}" for line in different)
        raise ConfigurationError(f"the training in {directory} has another config: {elsewhere}{listed}")
    # Without a checkpoint --recover begins at the beginning.
    return "finished" if _is_finished(directory) else "to be resumed"


def _is_finished(directory: Path) -> bool:
    return all((directory / name).is_file() for name in (ARCHIVE, METRICS))


def _failure(training: Training, process: subprocess.Popen) -> str:
    left_nothing = "" if _is_finished(training.directory) else "it left no trained model"
    return processes.failure(process) or left_nothing
