"""Reading archives: from a file, trusted or not, to a trained model."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import torch

from causal_mtl.archive.component_files import ComponentFiles
from causal_mtl.archive.opened import unpacked
from causal_mtl.archive.parts import COMBINATIONS, CONFIG, FILES, VOCABULARY, WEIGHTS
from causal_mtl.archive.weights import build_with_weights
from causal_mtl.common import ConfigurationError, Params, resolve
from causal_mtl.common.jsonnet import evaluate_text
from causal_mtl.common.strict_json import read_json_object
from causal_mtl.common.text import one_line
from causal_mtl.common.trust import untrusted
from causal_mtl.data import DatasetReader, Vocabulary
from causal_mtl.data.vocabulary import SPECIAL_TOKENS
from causal_mtl.models import Model

FILE_EXTRAS = frozenset({"load_pretrained", "archive_files"})
"""What every component is given by name: `load_pretrained`, False when a trained model is loaded; `archive_files`,
a folder of its own in the archive, to write to when `load_pretrained` is True, else to read from."""

MODEL_EXTRAS = FILE_EXTRAS | {"vocab"}
"""What a model and its parts are given besides: the vocabulary."""

MAX_STRINGS = 10_000_000
"""Of one namespace of a vocabulary; published word vectors have a quarter of that."""

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


def load_archive(
    path: str | PathLike[str], overrides: str | dict[str, Any] = "", device: Device = "cpu"
) -> Archive:
    """Load a trained model.

    The archive need not be trusted: its config is read as JSON and can only name registered components, or classes
    of packages that were included by ``--include-package`` or `import_package`; no other file is opened.

    Args:
        path: of a ``model.tar.gz``, of the directory of a training or an unpacked archive, or a URL of an archive.
        overrides: changes to its config, as jsonnet text or by dotted path.
        device: where to put the model.

    Raises:
        ConfigurationError: in one line: this is no archive, a part of it is damaged, its config asks for what
            is not registered here, or its weights or vocabulary do not fit the model that the config describes.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError("--device cuda: torch finds no CUDA device here")
    changes = (
        evaluate_text(overrides, name="overrides") if overrides and isinstance(overrides, str) else overrides
    )
    with unpacked(path) as directory, untrusted(MODEL_EXTRAS):
        try:
            return _load(directory, changes or {}, torch.device(device))
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {one_line(str(error))}") from error
        except Exception as error:  # constructors can raise anything at odd settings
            message = one_line(f"{type(error).__name__}: {error}")
            raise ConfigurationError(
                f"{path}: the model of this config cannot be built: {message}"
            ) from error


def _load(directory: Path, overrides: Any, device: torch.device) -> Archive:
    if not isinstance(overrides, dict):
        raise ConfigurationError("overrides: expected an object at the top")
    config = Params(read_json_object(directory / CONFIG)).with_overrides(overrides)
    files = ComponentFiles(directory / FILES)
    reader_key = "validation_dataset_reader" if config.get("validation_dataset_reader") else "dataset_reader"
    reader_plan = resolve(DatasetReader, config.get(reader_key), path=reader_key, extras=FILE_EXTRAS)
    model_plan = resolve(Model, config.get("model"), path="model", extras=MODEL_EXTRAS)
    vocab = _vocabulary(directory / VOCABULARY, config)
    model = build_with_weights(
        lambda: model_plan.build(vocab=vocab, load_pretrained=False, archive_files=files), directory / WEIGHTS
    )
    _read_combinations(directory / COMBINATIONS, model)
    reader = reader_plan.build(load_pretrained=False, archive_files=files)
    return Archive(model.to(device).eval(), config, reader, vocab, device)


def _read_combinations(file: Path, model: Model) -> None:
    """What labels training showed together; archives of early versions do not say."""
    if file.exists():
        try:
            model.combinations.read(read_json_object(file))
        except ConfigurationError as error:
            raise ConfigurationError(f"{COMBINATIONS}: {error.message}") from None
    model.decoding()


def _vocabulary(directory: Path, config: Params) -> Vocabulary:
    settings = config.as_dict(quiet=True).get("vocabulary") or {}
    if not isinstance(settings, dict):
        raise ConfigurationError("vocabulary: expected an object")
    special = {key: settings[key] for key in SPECIAL_TOKENS if key in settings}
    for key, token in special.items():
        if not isinstance(token, str):
            raise ConfigurationError(f"vocabulary.{key}: expected a string")
    for file in directory.glob("*.txt"):
        try:
            content = file.read_bytes()
            content.decode("utf-8")
        except UnicodeDecodeError:
            raise ConfigurationError(f"{VOCABULARY}/{file.name}: not UTF-8") from None
        if content.count(b"\n") > MAX_STRINGS:
            raise ConfigurationError(f"{VOCABULARY}/{file.name}: more than {MAX_STRINGS:,} strings")
    try:
        return Vocabulary.from_files(directory, **special)
    except ConfigurationError as error:
        raise ConfigurationError(str(error).replace(str(directory), VOCABULARY)) from None
