"""The directory of a training: who may begin in it, and what is cleared away before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from causal_mtl.archive import ARCHIVE, CONFIG, FILES, RUN, VOCABULARY
from causal_mtl.archive.pack import SCRATCH
from causal_mtl.common import ConfigurationError, Params
from causal_mtl.common.atomic import (
    DELETED,
    UNFINISHED,
    complete_file,
    flush,
    remove,
    remove_leftovers,
    write_text,
)
from causal_mtl.common.differences import ABSENT, differences
from causal_mtl.common.strict_json import read_json_object
from causal_mtl.training import metric_lines, non_finite
from causal_mtl.training.lock import LOCK
from causal_mtl.training.lr_schedulers import LRScheduler
from causal_mtl.training.options import TrainerOptions

STARTING = ".starting"
"""There until the first step is done: what is beside it nobody will miss."""
LOG = "train.log"
METRICS = "metrics.json"

_EPOCHS = "trainer.num_epochs"
_CHECKPOINTS = "checkpoints"
_OURS = (
    CONFIG, RUN, VOCABULARY, FILES, LOG, METRICS, ARCHIVE, _CHECKPOINTS, metric_lines.FILE, non_finite.FILE,
)  # fmt: skip
_LATER = ("counts", "tensorboard")
"""What `tabulate` and callbacks add."""


def is_free(directory: Path) -> bool:
    """Whether a training can begin there: it is new, empty, or a start has left it that came to no step."""
    if not directory.is_dir():
        return not directory.exists()
    names = {path.name for path in directory.iterdir()}
    return STARTING in names or not {
        name for name in names if name != LOCK and not name.startswith((UNFINISHED, DELETED, SCRATCH))
    }


def check_directory(
    directory: Path,
    config: Params,
    *,
    force: bool = False,
    recover: bool = False,
    inputs: Iterable[str] = (),
) -> None:
    """Refuse a directory that is not fit for a training. Nothing is written.

    Args:
        directory: new or empty unless one of the others is set.
        config: of the training.
        force: the training that is there will be deleted.
        recover: there is a training of the same config there, to go on with.
        inputs: files that the training reads; `force` must not delete them.

    Raises:
        ConfigurationError: the directory is not empty, or holds no training to delete, none to go on with, or one
            of another config; or an input would be deleted.
    """
    if force and recover:
        raise ConfigurationError("--force deletes a training and --recover goes on with it: give one of them")
    if recover:
        _check_same(directory, config)
    elif is_free(directory):
        return
    elif not force:
        raise ConfigurationError(
            f"{directory} is not empty: --recover goes on with the training there, --force deletes it"
        )
    elif missing := [name for name in (CONFIG, RUN) if not (directory / name).is_file()]:
        raise ConfigurationError(
            f"--force: {directory} does not look like a training (no {missing[0]}): delete it by hand"
        )
    elif lost := next((path for path in inputs if _is_deleted(Path(path).expanduser(), directory)), None):
        raise ConfigurationError(
            f"--force would delete {lost}, which this training reads: train in another directory"
        )


def prepare(directory: Path, config: Params, *, force: bool = False, recover: bool = False) -> None:
    """Make `directory` ready for a training: clear away what has to go, and write ``config.json``.

    Args:
        directory: as for `check_directory`, which is asked first.
        config: of the training.
        force: delete the training that is there; files that no training writes stay.
        recover: leave what is there, but for what crashes left.

    Raises:
        ConfigurationError: as `check_directory`.
    """
    check_directory(directory, config, force=force, recover=recover)
    directory.mkdir(parents=True, exist_ok=True)
    remove_leftovers(directory, SCRATCH)
    remove_leftovers(directory / _CHECKPOINTS)
    remove(directory / non_finite.FILE)  # of the try before
    if not recover:
        for name in (*_OURS, *_LATER) if force else _OURS:
            remove(directory / name)
    if not recover or other_settings(directory, config):
        # Those of fewer epochs: without them nobody takes this training for a finished one.
        remove(directory / METRICS)
        with complete_file(directory / CONFIG) as unfinished:
            config.to_file(unfinished)


def mark_start(directory: Path) -> None:
    """Say that what follows may be deleted until `mark_step`, whoever finds it."""
    directory.mkdir(parents=True, exist_ok=True)
    write_text(directory / STARTING, "")


def mark_step(directory: Path) -> None:
    """Say that there is a training in `directory` from now on."""
    (directory / STARTING).unlink(missing_ok=True)
    flush(directory)


def undo_start(directory: Path) -> None:
    """Delete what a start has written that came to no step; what it did not write stays."""
    if (directory / STARTING).exists():
        remove_leftovers(directory, SCRATCH)
        for name in (*_OURS, *_LATER, STARTING):
            remove(directory / name)


def other_settings(directory: Path, config: Params, *, may_raise_epochs: bool = False) -> list[str]:
    """Where the config of the training in `directory` is another than `config`: one line per key; [] if nowhere.

    Args:
        directory: of a training.
        config: of another, or of the same.
        may_raise_epochs: leave out `trainer.num_epochs` if it can become what `config` says.

    Raises:
        ConfigurationError: its ``config.json`` cannot be read.
    """
    path = directory / CONFIG
    try:
        there = Params(read_json_object(path)).as_dict(quiet=True)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{path} is not JSON: restore it, or begin in another directory ({error})"
        ) from None
    here = Params(json.loads(json.dumps(config.as_dict(quiet=True)))).as_dict(quiet=True)
    lines = []
    for key, then, now in differences(there, here):
        reason = ""
        if key == _EPOCHS and may_raise_epochs:
            if (why := _epochs_problem(then, now, here["trainer"])) is None:
                continue
            reason = f" ({why})"
        lines.append(f"{key}: {then!r} there, {now!r} now{reason}")
    return lines


def _is_deleted(path: Path, directory: Path) -> bool:
    """Whether `force` deletes a path, or something in it."""
    doomed = [(directory / name).resolve() for name in (*_OURS, *_LATER)]
    here = path.resolve()
    return path.exists() and any(one == here or one in here.parents or here in one.parents for one in doomed)


def _check_same(directory: Path, config: Params) -> None:
    if (directory / STARTING).exists():  # it came to no step, so it is begun anew
        return
    if not (directory / CONFIG).is_file():
        raise ConfigurationError(f"--recover: there is no training in {directory} (no {CONFIG})")
    if different := other_settings(directory, config, may_raise_epochs=True):
        listed = "\n  ".join(different)
        raise ConfigurationError(f"--recover: the training in {directory} has another config:\n  {listed}")


def _epochs_problem(then: Any, now: Any, trainer: Mapping[str, Any]) -> str | None:
    """Why a training of `then` epochs cannot become one of `now`; None if it can."""
    default = TrainerOptions.num_epochs
    if (default if now == ABSENT else now) < (default if then == ABSENT else then):
        return "it can be raised, not lowered"
    scheduler = trainer.get("lr_scheduler")
    if scheduler is None:
        return None
    settings = {"type": scheduler} if isinstance(scheduler, str) else scheduler
    component, _ = LRScheduler.resolve_class_name(settings["type"])
    if component.needs_total(settings):
        return f"it cannot be changed: the rates of lr_scheduler {settings['type']!r} depend on it from the start"
    return None
