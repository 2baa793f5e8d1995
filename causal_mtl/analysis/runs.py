"""Reading finished trainings, from their directories or from an export, and exporting them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from causal_mtl.analysis.curves import read_curves
from causal_mtl.analysis.run import FinishedRun
from causal_mtl.analysis.sentence_counts import SentenceCounts
from causal_mtl.common import ConfigurationError

logger = logging.getLogger(__name__)

_FILES = ("config.json", "run.json", "metrics.json", "model.tar.gz")
_FORMAT = "causal-mtl runs 1"
_EXPORTED = ("label", "seed", "config", "metrics", "note")


class _NoFinishedRun(ConfigurationError):
    """A directory that may become one."""


def read_runs(
    paths: Iterable[str | PathLike[str]], skip_unfinished: bool = False, only: Sequence[str] = ()
) -> list[FinishedRun]:
    """Read finished trainings.

    Args:
        paths: of directories of trainings, of directories that hold some (all are meant, other things in there are
            passed over), and of files that `write_export` wrote; a run in several of these counts once.
        skip_unfinished: pass over, with a warning, what is neither; a path that does not exist is still an error.
        only: labels of the runs that are wanted, in the order in which they are; default: all, as they come.

    Raises:
        ConfigurationError: something is neither, there is no run of a label, or no run at all.
    """
    runs: list[FinishedRun] = []
    for path in (training for given in paths for training in _trainings(Path(given))):
        if not path.exists():
            raise ConfigurationError(f"there is no {path}")
        try:
            found = [_from_directory(path)] if path.is_dir() else _from_export(path)
        except _NoFinishedRun as error:
            if not skip_unfinished:
                raise
            logger.warning("skipped: %s", error)
            continue
        runs += [run for run in found if not any(_is_one_export(run, other) for other in runs)]
    if not runs:
        raise ConfigurationError("there is no finished training to tabulate")
    return _chosen(runs, only) if only else runs


def write_export(path: Path, runs: Iterable[FinishedRun]) -> None:
    """Write what `as_export` makes of `runs` to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_export(runs), encoding="utf-8")


def as_export(runs: Iterable[FinishedRun]) -> str:
    """`runs` as JSON, one per line, small enough to commit: `read_runs` gives the same without directories.

    Args:
        runs: with or without counts.
    """
    lines = [json.dumps(_record(run), ensure_ascii=False, separators=(",", ":")) for run in runs]
    return f'{{"format": {json.dumps(_FORMAT)}, "runs": [\n' + ",\n".join(lines) + "\n]}\n"


def _chosen(runs: Sequence[FinishedRun], only: Sequence[str]) -> list[FinishedRun]:
    """The runs of the labels `only`, in their order."""
    known = dict.fromkeys(run.label for run in runs)
    if missing := [label for label in only if label not in known]:
        raise ConfigurationError(f"no training is called {missing[0]!r} (there are {', '.join(known)})")
    return [run for label in dict.fromkeys(only) for run in runs if run.label == label]


def _trainings(path: Path) -> list[Path]:
    """The trainings in `path`, as a sweep leaves them, if it is none itself; else only `path`."""
    if (path / _FILES[0]).is_file():
        return [path]
    return sorted(config.parent for config in path.glob(f"*/{_FILES[0]}")) or [path]


def _from_directory(directory: Path) -> FinishedRun:
    missing = [name for name in _FILES if not (directory / name).is_file()]
    if missing:
        kind = "a finished training" if (directory / _FILES[0]).is_file() else "the directory of a training"
        raise _NoFinishedRun(f"{directory} is not {kind}: it has no {' and no '.join(missing)}")
    config, note, metrics = (
        json.loads((directory / name).read_text(encoding="utf-8")) for name in _FILES[:3]
    )
    label = directory.resolve().name.removesuffix(f"-{note['seed']}")
    return FinishedRun(
        str(directory), label, note["seed"], config, metrics, note, curves=read_curves(directory)
    )


def _is_one_export(run: FinishedRun, other: FinishedRun) -> bool:
    """Both are one training (whose note says when it began), counted on the same data."""
    data, other_data = (one.counts and one.counts.data_sha256 for one in (run, other))
    same = (run.note, run.metrics, data) == (other.note, other.metrics, other_data)
    return run.exported and other.exported and same


def _record(run: FinishedRun) -> dict[str, Any]:
    record = {name: getattr(run, name) for name in _EXPORTED}
    return {**record, "counts": run.counts.to_json() if run.counts else None, "curves": run.curves}


def _from_export(path: Path) -> list[FinishedRun]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise ValueError
        return [_exported(path, record) for record in content["runs"]]
    except (ValueError, KeyError, TypeError):
        raise _NoFinishedRun(
            f"{path} is neither the directory of a training nor an export of tabulate"
        ) from None


def _exported(path: Path, record: dict[str, Any]) -> FinishedRun:
    counts = record["counts"] and SentenceCounts.from_json(record["counts"])
    curves = record.get("curves", {})  # older exports have none
    named = {name: record[name] for name in _EXPORTED}
    return FinishedRun(str(path), **named, counts=counts, exported=True, curves=curves)
