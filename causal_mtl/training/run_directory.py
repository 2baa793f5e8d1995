"""The directory of a training: made with care, and with a note of what made it."""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from causal_mtl.archive import CONFIG, RUN
from causal_mtl.common import ConfigurationError, Params, local_path, sha256
from causal_mtl.common.atomic import write_json
from causal_mtl.common.differences import differences
from causal_mtl.metrics import Measure
from causal_mtl.version import VERSION

_PACKAGES = ("torch", "transformers", "accelerate", "safetensors", "spacy", "numpy", "jsonnet")


def prepare(directory: Path, config: Params, *, force: bool = False, recover: bool = False) -> None:
    """Make `directory` ready for a training and write its ``config.json``.

    Args:
        directory: new or empty unless one of the others is set.
        config: of the training.
        force: delete the training that is there.
        recover: there is a training of the same config there, to go on with.

    Raises:
        ConfigurationError: the directory is not empty, or holds no training to delete, none to go on with, or one
            of another config.
    """
    if force and recover:
        raise ConfigurationError("--force deletes a training and --recover goes on with it: give one of them")
    occupied = directory.exists() and (not directory.is_dir() or any(directory.iterdir()))
    if recover:
        _check_same(directory, config)
    elif occupied and not force:
        raise ConfigurationError(
            f"{directory} is not empty: --recover goes on with the training there, --force deletes it"
        )
    elif occupied:
        if not (directory / CONFIG).is_file():
            raise ConfigurationError(
                f"--force: {directory} does not look like a training (no {CONFIG}): delete it by hand"
            )
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    config.to_file(directory / CONFIG)


def other_settings(directory: Path, config: Params) -> list[str]:
    """Where the config of the training in `directory` is another than `config`: one line per key; [] if nowhere.

    Raises:
        ConfigurationError: its ``config.json`` cannot be read.
    """
    path = directory / CONFIG
    try:
        there = Params(json.loads(path.read_text(encoding="utf-8"))).as_dict(quiet=True)
    except ValueError:  # the training was killed as it wrote this
        raise ConfigurationError(f"{path} is not JSON: repair it, or begin in another directory") from None
    here = Params(json.loads(json.dumps(config.as_dict(quiet=True)))).as_dict(quiet=True)
    return [f"{key}: {then!r} there, {now!r} now" for key, then, now in differences(there, here)]


def _check_same(directory: Path, config: Params) -> None:
    if not (directory / CONFIG).is_file():
        raise ConfigurationError(f"--recover: there is no training in {directory} (no {CONFIG})")
    if different := other_settings(directory, config):
        listed = "\n  ".join(different)
        raise ConfigurationError(f"--recover: the training in {directory} has another config:\n  {listed}")


def write_note(
    directory: Path,
    seed: int,
    files: Iterable[str],
    computing: Mapping[str, Any] | None = None,
    measures: Mapping[str, Measure] | None = None,
    environment: Iterable[str] = (),
) -> None:
    """Write ``run.json``: what one needs to run the same again. A recovered run adds to the note that is there.

    Args:
        directory: of the training.
        seed: of the training.
        files: paths or URLs of the data, to be hashed.
        computing: what `Engine.describe` says; added to "machine".
        measures: of all tasks, by name: tables and drawings show them as described here.
        environment: the names of the environment's variables that the config read.
    """
    note: dict[str, Any] = {
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": shlex.join(sys.argv),
        "seed": seed,
        "versions": versions(),
        "git_commit": _git_commit(),
        "measures": {name: measure.to_json() for name, measure in (measures or {}).items()},
        "data_sha256": {file: sha256(local_path(file)) for file in files},
        "environment_variables": sorted(environment),
        "machine": {
            "platform": platform.platform(),
            "processors": os.cpu_count(),
            "devices": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
            **(computing or {}),
        },
    }
    path = directory / RUN
    if path.is_file():
        first = json.loads(path.read_text(encoding="utf-8"))
        note = {**first, "recovered": [*first.get("recovered", []), note]}
    write_json(path, note)


def versions() -> dict[str, str]:
    """Versions of Python, this library and what its results depend on."""
    found = {"python": platform.python_version(), "causal_mtl": VERSION}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _git_commit() -> str | None:
    """The commit of the working directory, with ``+changes`` if files differ from it; None without git."""
    try:
        commit = _git("rev-parse", "HEAD")
        return commit + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    run = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=10, check=True)
    return run.stdout.strip()
