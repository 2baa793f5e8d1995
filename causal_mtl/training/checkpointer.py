"""Where a training stands, on disk: safetensors and JSON, never half written."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, load_model, save_file, save_model
from torch import nn

from causal_mtl.common import ConfigurationError
from causal_mtl.common.atomic import flush
from causal_mtl.training.packing import pack, unpack

_NAME = re.compile(r"epoch_(\d+)(?:_step_(\d+))?")


class Checkpointer:
    """Keeps the newest checkpoints and the best one in ``<directory>/checkpoints/``.

    A checkpoint is a directory ``epoch_7`` (seven epochs are done) or ``epoch_7_step_120`` (and 120 steps of
    the eighth) that holds ``model.safetensors``, ``state.safetensors`` and ``state.json``. It is written
    under another name and renamed when complete, and older ones are removed only after that.

    Args:
        directory: of the whole training.
        keep: how many of the newest to keep; the best one is kept besides.
    """

    def __init__(self, directory: Path, keep: int = 1) -> None:
        self.directory = Path(directory) / "checkpoints"
        self.keep = keep

    def all(self) -> list[Path]:
        """The complete checkpoints, oldest first."""
        if not self.directory.is_dir():
            return []
        return sorted((p for p in self.directory.iterdir() if _NAME.fullmatch(p.name)), key=_position)

    def newest(self) -> Path | None:
        """The newest complete checkpoint."""
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
        """
        final = self.path(epoch, step)
        unfinished = final.with_name(f".unfinished_{final.name}")
        shutil.rmtree(unfinished, ignore_errors=True)  # of an earlier crash
        unfinished.mkdir(parents=True)
        packed, tensors = pack(state)
        save_model(model, str(unfinished / "model.safetensors"))
        save_file(tensors, unfinished / "state.safetensors")
        (unfinished / "state.json").write_text(json.dumps(packed), encoding="utf-8")
        for file in unfinished.iterdir():
            flush(file)
        os.rename(unfinished, final)
        flush(self.directory)
        for old in self.all()[: -self.keep]:
            if best_epoch is None or old != self.path(best_epoch):
                shutil.rmtree(old)
        return final

    def load(self, path: Path, model: nn.Module) -> dict[str, Any]:
        """Read a checkpoint's weights into `model` and return its state.

        Raises:
            ConfigurationError: the weights are not those of such a model.
        """
        self.load_model(path, model)
        packed = json.loads((path / "state.json").read_text(encoding="utf-8"))
        return unpack(packed, load_file(path / "state.safetensors"))

    def load_model(self, path: Path, model: nn.Module) -> None:
        """Read only the weights."""
        try:
            load_model(model, path / "model.safetensors")
        except RuntimeError as error:
            raise ConfigurationError(
                f"the checkpoint {path} does not fit the model of this config: {error}"
            ) from error


def _position(path: Path) -> tuple[int, int]:
    epoch, step = _NAME.fullmatch(path.name).groups()  # type: ignore[union-attr]
    return int(epoch), int(step or 0)
