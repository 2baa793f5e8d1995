"""Where a training stands, on disk: safetensors and JSON, never half written, with hashes of everything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, load_model
from torch import nn

from causal_mtl.archive.manifest import check_members, manifest_of, member_of, read_manifest
from causal_mtl.archive.parts import MANIFEST
from causal_mtl.archive.saving import save_tensors, save_weights
from causal_mtl.common import ConfigurationError
from causal_mtl.common.atomic import complete_directory, remove, write_json, write_text
from causal_mtl.training.packing import pack, unpack

_NAME = re.compile(r"epoch_(\d+)(?:_step_(\d+))?")
_WEIGHTS, _TENSORS, _STATE = FILES = ("model.safetensors", "state.safetensors", "state.json")
"""What a checkpoint holds besides its manifest."""


class Choice(NamedTuple):
    """The checkpoint to go on from, and why each newer one cannot be used, by path."""

    path: Path | None
    damaged: dict[Path, str]


class Checkpointer:
    """Keeps the newest checkpoints and the best one in ``<directory>/checkpoints/``.

    A checkpoint is a directory ``epoch_7`` (seven epochs are done) or ``epoch_7_step_120`` (and 120 steps of
    the eighth) that holds ``model.safetensors``, ``state.safetensors``, ``state.json`` and a ``manifest.json``
    with their sizes and SHA-256. It is written under another name and renamed when complete, and older ones are
    removed only after that, under another name too.

    Args:
        directory: of the whole training.
        keep: how many of the newest to keep; the best one is kept besides.
    """

    def __init__(self, directory: Path, keep: int = 1) -> None:
        self.directory = Path(directory) / "checkpoints"
        self.keep = keep

    def all(self) -> list[Path]:
        """The checkpoints, oldest first; whether they are sound is not looked at."""
        if not self.directory.is_dir():
            return []
        return sorted((p for p in self.directory.iterdir() if _NAME.fullmatch(p.name)), key=_position)

    def newest(self) -> Path | None:
        """The newest checkpoint, sound or not."""
        return next(reversed(self.all()), None)

    def path(self, epoch: int, step: int = 0) -> Path:
        """Where the checkpoint after `epoch` epochs and `step` steps of the next lies."""
        return self.directory / (f"epoch_{epoch}_step_{step}" if step else f"epoch_{epoch}")

    def save(
        self,
        model: nn.Module,
        state: dict[str, Any],
        *,
        epoch: int,
        step: int = 0,
        best_epoch: int | None = None,
    ) -> Path:
        """Write a checkpoint, then remove those that are neither new nor the one of `best_epoch`.

        Args:
            model: its parameters and buffers are saved.
            state: anything that `pack` understands.
            epoch: epochs that are done.
            step: steps of the next epoch that are done.
            best_epoch: the epoch whose checkpoint is kept besides the newest.

        Raises:
            OSError: it cannot be written; the earlier ones are as they were.
        """
        final = self.path(epoch, step)
        with complete_directory(final) as unfinished:
            packed, tensors = pack(state)
            save_weights(model, unfinished / _WEIGHTS)
            save_tensors(tensors, unfinished / _TENSORS)
            write_text(unfinished / _STATE, json.dumps(packed))
            write_json(unfinished / MANIFEST, manifest_of({name: unfinished / name for name in FILES}))
        self.remove_old(best_epoch)
        return final

    def remove_old(self, best_epoch: int | None) -> None:
        """Remove the checkpoints that are neither new nor the one of `best_epoch`."""
        for old in self.all()[: -self.keep]:
            if best_epoch is None or old != self.path(best_epoch):
                remove(old)

    def choose(self) -> Choice:
        """The newest checkpoint that is sound, as is the one of the epoch that is the best for it.

        Raises:
            ConfigurationError: there are checkpoints, but none that can be used; says what is wrong with each.
        """
        damaged: dict[Path, str] = {}
        for path in reversed(self.all()):
            try:
                self._check_usable(path)
            except ConfigurationError as error:
                damaged[path] = str(error)
            else:
                return Choice(path, damaged)
        if damaged:
            listed = "".join(f"\n  {path.name}: {why}" for path, why in damaged.items())
            raise ConfigurationError(
                f"no checkpoint in {self.directory} can be used: restore one, or start anew (--force){listed}"
            )
        return Choice(None, damaged)

    def discard(self, paths: Iterable[Path]) -> None:
        """Remove checkpoints that cannot be used, so that they never count as the newest."""
        for path in paths:
            remove(path)

    def load(self, path: Path, model: nn.Module) -> dict[str, Any]:
        """Read a checkpoint's weights into `model` and return its state.

        Raises:
            ConfigurationError: it is damaged, or the weights are not those of such a model.
        """
        check_sound(path)
        self.load_model(path, model)
        return unpack(_state(path), load_file(path / _TENSORS))

    def load_model(self, path: Path, model: nn.Module) -> None:
        """Read only the weights.

        Raises:
            ConfigurationError: they are those of another model.
        """
        try:
            load_model(model, path / _WEIGHTS)
        except RuntimeError as error:
            raise ConfigurationError(
                f"the checkpoint {path} does not fit the model of this config: {error}"
            ) from error

    def _check_usable(self, path: Path) -> None:
        check_sound(path)
        best = _best_epoch(path)
        if best is not None and (other := self.path(best)) != path:
            try:
                check_sound(other)
            except ConfigurationError as error:
                raise ConfigurationError(
                    f"{other.name}, the best epoch until then, cannot be used: {error}"
                ) from None


def check_sound(path: Path) -> None:
    """Compare a checkpoint with its manifest; without one, as in early versions, see whether it can be read.

    Raises:
        ConfigurationError: a file is missing or is not what was written; or `path` is not there.
    """
    if not path.is_dir():
        raise ConfigurationError(f"{path.name} is not there")
    files = {name: path / name for name in FILES if (path / name).is_file()}
    if missing := [name for name in FILES if name not in files]:
        raise ConfigurationError(f"incomplete: there is no {' and no '.join(missing)}")
    if (path / MANIFEST).exists():
        listed = read_manifest(path / MANIFEST, check_name=_known)
        check_members({name: member_of(file) for name, file in files.items()}, listed)
    else:
        _check_readable(path)


def has_manifest(path: Path) -> bool:
    """Whether damage of the checkpoint would be noticed; those of early versions have no hashes."""
    return (path / MANIFEST).is_file()


def _known(name: str) -> str:
    if name not in FILES:
        raise ConfigurationError(f"{MANIFEST}: no file of a checkpoint is called {name[:100]!r}")
    return name


def _check_readable(path: Path) -> None:
    for name in (_WEIGHTS, _TENSORS):
        try:
            with safe_open(path / name, framework="pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise ConfigurationError(f"{name}: damaged: {error}") from None
    _best_epoch(path)


def _best_epoch(path: Path) -> int | None:
    """The epoch that was the best when a checkpoint was written; None if there was none."""
    state = dict(_pairs(_state(path), path))
    tracker = dict(_pairs(state.get("tracker", {"dict": []}), path))
    return tracker.get("best_epoch")


def _pairs(packed: Any, path: Path) -> list[tuple[str, Any]]:
    """The keys and packed values of a packed dictionary."""
    try:
        return [(key, value) for key, value in packed["dict"]]
    except (TypeError, KeyError, ValueError):
        raise ConfigurationError(f"{_STATE}: damaged: not the state of a training ({path})") from None


def _state(path: Path) -> Any:
    try:
        return json.loads((path / _STATE).read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise ConfigurationError(f"{_STATE}: damaged: {error}") from None


def _position(path: Path) -> tuple[int, int]:
    epoch, step = _NAME.fullmatch(path.name).groups()  # type: ignore[union-attr]
    return int(epoch), int(step or 0)
