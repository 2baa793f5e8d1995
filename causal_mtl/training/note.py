"""The note ``run.json``: what made a training, and from which data."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from causal_mtl.archive import RUN
from causal_mtl.common import ConfigurationError, local_path, sha256
from causal_mtl.common.atomic import write_json
from causal_mtl.common.strict_json import read_json_object
from causal_mtl.metrics import Measure
from causal_mtl.version import VERSION

_PACKAGES = ("torch", "transformers", "accelerate", "safetensors", "spacy", "numpy", "jsonnet")


def data_hashes(files: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of each path or URL; of a directory, that of the names and hashes of all files in it."""
    return {file: sha256(local_path(file)) for file in files}


def read_note(directory: Path) -> dict[str, Any] | None:
    """The note of the training in `directory`; None if there is none.

    Raises:
        ConfigurationError: it is damaged.
    """
    path = directory / RUN
    if not path.exists():
        return None
    try:
        return read_json_object(path)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{path} is damaged, so the data cannot be compared: restore it; or, if nothing has changed since "
            f"the training started, delete it ({error})"
        ) from None


def write_note(
    directory: Path,
    seed: int,
    hashes: Mapping[str, str],
    computing: Mapping[str, Any] | None = None,
    measures: Mapping[str, Measure] | None = None,
    environment: Iterable[str] = (),
    pretrained: Mapping[str, str | None] | None = None,
) -> None:
    """Write ``run.json``: what one needs to run the same again. A recovered run adds to the note that is there.

    Args:
        directory: of the training.
        seed: of the training.
        hashes: what `Experiment.hashes` says.
        computing: what `Engine.describe` says; added to "machine".
        measures: of all tasks, by name: tables and drawings show them as described here.
        environment: the names of the environment's variables that the config read.
        pretrained: the versions of hub models and packages that it reads, by name.
    """
    note: dict[str, Any] = {
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": shlex.join(sys.argv),
        "seed": seed,
        "versions": versions(),
        "git_commit": _git_commit(),
        "measures": {name: measure.to_json() for name, measure in (measures or {}).items()},
        "data_sha256": dict(hashes),
        "pretrained": dict(pretrained or {}),
        "environment_variables": sorted(environment),
        "machine": {
            "platform": platform.platform(),
            "processors": os.cpu_count(),
            "devices": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
            **(computing or {}),
        },
    }
    first = read_note(directory)
    if first is not None:
        note = {**first, "recovered": [*first.get("recovered", []), note]}
    write_json(directory / RUN, note)


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
