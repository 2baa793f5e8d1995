"""What ``--recover`` compares before it changes anything."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from causal_mtl.archive import VOCABULARY
from causal_mtl.common import ConfigurationError
from causal_mtl.common.atomic import complete_directory
from causal_mtl.data import Vocabulary
from causal_mtl.training.checkpointer import Checkpointer
from causal_mtl.training.note import read_note

logger = logging.getLogger(__name__)

_MUST_AGREE = ("mixed_precision", "processes")
_SHOULD_AGREE = ("device", "threads")


def check_machine(directory: Path, computing: Mapping[str, Any]) -> None:
    """Compare how a training computes with how the one in `directory` did.

    Args:
        directory: of the interrupted training.
        computing: what `Engine.describe` says.

    Raises:
        ConfigurationError: precision or number of processes are others, or ``run.json`` is damaged.
    """
    machine = (read_note(directory) or {}).get("machine")
    if not isinstance(machine, dict):
        return
    problems = [line for name in _MUST_AGREE for line in _difference(name, machine, computing)]
    if problems:
        _refuse(directory, "was trained on another machine or in another way", problems)
    for name in _SHOULD_AGREE:
        for line in _difference(name, machine, computing):
            logger.warning("%s: the result will not be the same to the last bit", line)


def check_data(directory: Path, hashes: Mapping[str, str]) -> None:
    """Compare the data with what the training in `directory` began with.

    Args:
        directory: of the interrupted training.
        hashes: what `Experiment.hashes` says.

    Raises:
        ConfigurationError: listing each file that is another now.
    """
    note = read_note(directory)
    before = (note or {}).get("data_sha256")
    if not isinstance(before, dict):
        if Checkpointer(directory).all():
            logger.warning("%s: no run.json with the hashes of the data: they are not compared", directory)
        return
    problems = [
        f"{path}: its content is not what it was (SHA-256 {before[path][:12]}… there, {now[:12]}… now)"
        for path, now in hashes.items()
        if path in before and before[path] != now
    ]
    if problems:
        _refuse(directory, "was trained on other data", problems)


def check_pretrained(directory: Path, versions: Mapping[str, str | None]) -> None:
    """Compare pretrained models that are no local files with those that the training in `directory` began with.

    Args:
        directory: of the interrupted training.
        versions: what `Experiment.pretrained` says.

    Raises:
        ConfigurationError: listing each that has another version now.
    """
    before = (read_note(directory) or {}).get("pretrained")
    if isinstance(before, dict):
        problems = [line for name in versions for line in _difference(name, before, versions)]
        if problems:
            _refuse(directory, "began with other pretrained models", problems)


def check_vocabulary(directory: Path, vocab: Vocabulary) -> None:
    """Compare a vocabulary with the one that the training in `directory` saved, if it did.

    Raises:
        ConfigurationError: naming the files that differ, each with its first line that does.
    """
    saved = directory / VOCABULARY
    if not saved.is_dir():
        return
    with tempfile.TemporaryDirectory(prefix="causal_mtl_") as scratch:
        counted = Path(scratch) / VOCABULARY
        vocab.save_to_files(counted)
        problems = list(_different_files(saved, counted))
    if problems:
        _refuse(directory, f"has another vocabulary than its data gives now ({saved})", problems)


def save_vocabulary(directory: Path, vocab: Vocabulary) -> None:
    """Save the vocabulary of a training, whole or not at all; the same one is left alone."""
    if not (directory / VOCABULARY).is_dir():
        with complete_directory(directory / VOCABULARY) as unfinished:
            vocab.save_to_files(unfinished)


def _different_files(saved: Path, counted: Path) -> Iterator[str]:
    names = sorted({path.name for folder in (saved, counted) for path in folder.iterdir()})
    for name in names:
        there, now = (_lines(folder / name) for folder in (saved, counted))
        if there is None or now is None:
            yield f"{name}: {'only there' if now is None else 'missing there'}"
        elif there != now:
            number = next((i for i, (a, b) in enumerate(zip(there, now, strict=False)) if a != b), None)
            if number is None:
                yield f"{name}: {len(there):,} lines there, {len(now):,} now"
            else:
                yield f"{name}:{number + 1}: {_shown(there[number])} there, {_shown(now[number])} now"


def _lines(path: Path) -> list[bytes] | None:
    return path.read_bytes().split(b"\n") if path.is_file() else None


def _shown(line: bytes) -> str:
    return repr(line[:60].decode("utf-8", "backslashreplace"))


def _difference(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if name in before and before[name] != now[name]:
        yield f"{name}: {before[name]!r} there, {now[name]!r} now"


def _refuse(directory: Path, what: str, problems: list[str]) -> None:
    listed = "\n  ".join(problems)
    raise ConfigurationError(
        f"--recover: the training in {directory} {what}; nothing was changed. Undo this, or start anew in another "
        f"directory:\n  {listed}"
    )
