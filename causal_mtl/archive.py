"""A trained model as one file, ``model.tar.gz``, and back again.

The file holds ``config.json``, ``vocabulary/``, ``weights.safetensors``, ``run.json`` (versions, seed, hashes of
the data) and, if components wrote any, ``files/``. Nothing is ever unpickled, and loading opens no other file.
"""

from __future__ import annotations

import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_model, save_model

from causal_mtl.common import ConfigurationError, Params, resolve
from causal_mtl.common.files import local_path
from causal_mtl.data import DatasetReader, Vocabulary
from causal_mtl.models import Model

ARCHIVE = "model.tar.gz"
CONFIG = "config.json"
VOCABULARY = "vocabulary"
WEIGHTS = "weights.safetensors"
RUN = "run.json"
FILES = "files"

_PARTS = (WEIGHTS, CONFIG, VOCABULARY, RUN, FILES)

MODEL_EXTRAS = frozenset({"vocab", "load_pretrained", "archive_files"})
"""What a model and its parts are given by name: the vocabulary; False for `load_pretrained` when a trained model
is loaded; the directory of the archive's `files/`, to write to when that is True, else to read from."""

Device = Literal["cpu", "cuda"]


@dataclass(frozen=True)
class Archive:
    """A trained model and what it needs to read text.

    Attributes:
        model: in evaluation mode, on `device`.
        config: of its training, overrides applied.
        reader: `validation_dataset_reader` if the config has one, else `dataset_reader`.
        vocab: as trained.
        device: where the model is.
    """

    model: Model
    config: Params
    reader: DatasetReader
    vocab: Vocabulary
    device: torch.device


def save_archive(directory: str | PathLike[str], model: Model) -> Path:
    """Pack `model` with what `directory` (of a training) says of it into ``<directory>/model.tar.gz``.

    The file appears under its name only when it is complete.
    """
    directory = Path(directory)
    final = directory / ARCHIVE
    with tempfile.TemporaryDirectory(dir=directory, prefix=".packing_") as scratch:
        weights = Path(scratch) / WEIGHTS
        save_model(model, str(weights))
        _pack([weights, *(directory / name for name in _PARTS if name != WEIGHTS)], final)
    return final


def _pack(parts: Iterable[Path], final: Path) -> None:
    """Put the `parts` that exist into an archive, which appears under its name only when it is complete."""
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=".packing_") as scratch:
        packed = Path(scratch) / ARCHIVE
        # Weights are noise to gzip: more effort takes minutes and saves nothing.
        with tarfile.open(packed, "w:gz", compresslevel=1) as tar:
            for part in parts:
                if part.exists():
                    tar.add(part, part.name)
        with packed.open("rb") as file:
            os.fsync(file.fileno())
        packed.replace(final)


def copy_archive(
    path: str | PathLike[str], final: Path, config: dict[str, Any], note: dict[str, Any]
) -> None:
    """Pack a trained model anew, with another config.

    Args:
        path: of an archive, as for `load_archive`.
        final: of the new ``model.tar.gz``.
        config: all of the new ``config.json``; the weights must fit it.
        note: added to ``run.json``.
    """
    with _unpacked(path) as directory, tempfile.TemporaryDirectory(prefix="causal_mtl_") as scratch:
        changed = {CONFIG: config}
        if (directory / RUN).is_file():
            changed[RUN] = {**json.loads((directory / RUN).read_text(encoding="utf-8")), **note}
        for name, content in changed.items():
            text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
            (Path(scratch) / name).write_text(text, encoding="utf-8")
        places = {name: Path(scratch) if name in changed else directory for name in _PARTS}
        _pack([place / name for name, place in places.items()], final)


def load_archive(
    path: str | PathLike[str], overrides: str | dict[str, Any] = "", device: Device = "cpu"
) -> Archive:
    """Load a trained model.

    Args:
        path: of a ``model.tar.gz``, of the directory of a training or an unpacked archive, or a URL of an archive.
        overrides: changes to its config, as jsonnet text or by dotted path.
        device: where to put the model.

    Raises:
        ConfigurationError: this is no archive, its config asks for something that is not registered here, or its
            weights do not fit the model that the config describes (the message names the parameters).
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError("--device cuda: torch finds no CUDA device here")
    with _unpacked(path) as directory:
        config = Params.from_file(directory / CONFIG, overrides)
        reader_key = (
            "validation_dataset_reader" if config.get("validation_dataset_reader") else "dataset_reader"
        )
        reader = resolve(DatasetReader, config.get(reader_key), path=reader_key)
        model_plan = resolve(Model, config.get("model"), path="model", extras=MODEL_EXTRAS)
        vocab = _vocabulary(directory / VOCABULARY, config)
        model = model_plan.build(vocab=vocab, load_pretrained=False, archive_files=directory / FILES)
        _load_weights(model, directory / WEIGHTS, path)
        on = torch.device(device)
        return Archive(model.to(on).eval(), config, reader.build(), vocab, on)


@contextmanager
def _unpacked(path: str | PathLike[str]) -> Iterator[Path]:
    """The directory of what `path` holds, for as long as it is needed."""
    try:
        local = local_path(path)
    except FileNotFoundError as error:
        raise ConfigurationError(str(error)) from None
    if local.is_dir() and (local / WEIGHTS).is_file():
        yield local
        return
    if local.is_dir():
        if not (local / ARCHIVE).is_file():
            raise ConfigurationError(
                f"{path}: there is no {ARCHIVE} and no {WEIGHTS} in this directory; if a training was interrupted "
                "there, finish it with `causal-mtl train CONFIG -s DIRECTORY --recover`"
            )
        local = local / ARCHIVE
    with tempfile.TemporaryDirectory(prefix="causal_mtl_") as scratch:
        try:
            with tarfile.open(local) as tar:
                tar.extractall(scratch, filter="data")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise ConfigurationError(f"{path}: not a model archive ({error})") from error
        missing = [name for name in (CONFIG, WEIGHTS) if not (Path(scratch) / name).is_file()]
        if missing:
            raise ConfigurationError(f"{path}: not a model archive (it holds no {' and no '.join(missing)})")
        yield Path(scratch)


def _vocabulary(directory: Path, config: Params) -> Vocabulary:
    settings = config.get("vocabulary") or {}
    special = {key: settings[key] for key in ("padding_token", "oov_token") if key in settings}
    return Vocabulary.from_files(directory, **special)


def _load_weights(model: Model, file: Path, shown: str | PathLike[str]) -> None:
    try:
        load_model(model, file)
    except (RuntimeError, SafetensorError) as error:
        raise ConfigurationError(
            f"{shown}: the weights do not fit the model of this config: {error}"
        ) from error
