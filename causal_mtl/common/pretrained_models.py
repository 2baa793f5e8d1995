"""Transformers by name: a local folder, or a model of the Hugging Face hub."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causal_mtl.common import trust
from causal_mtl.common.errors import ConfigurationError

_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?(@[\w./-]+)?")
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_OFFSET_POSITIONS = {
    *("camembert", "data2vec-text", "esm", "ibert", "longformer", "luke", "mpnet", "mra", "roberta"),
    *("roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod", "yoso"),
}
"""Types of models that number positions from the padding's index on, so that not all of them can be used."""


@dataclass(frozen=True)
class PretrainedModel:
    """A model that can be read.

    Attributes:
        source: a local folder, or the name of a hub model.
        revision: of the hub model (branch, tag or commit); None: its default branch, or a folder.
        is_local: whether it is a folder.
    """

    source: str
    revision: str | None
    is_local: bool

    def arguments(self) -> dict[str, Any]:
        """What the ``from_pretrained`` functions of transformers take besides the source; no code is run."""
        return {
            "revision": self.revision or "main",
            "trust_remote_code": False,
            "local_files_only": self.is_local,
        }

    def commit(self) -> str | None:
        """The commit of a hub model in the local cache; None: it is not there, or this is a folder."""
        from huggingface_hub import try_to_load_from_cache

        if self.is_local:
            return None
        found = try_to_load_from_cache(self.source, "config.json", revision=self.revision or "main")
        return Path(found).parent.name if isinstance(found, str) else None


def pretrained_model(name: str) -> PretrainedModel:
    """What a config calls `name`: a folder if there is one, else ``model``, ``owner/model`` or ``…@revision``.

    Raises:
        ConfigurationError: it is neither; or a model archive that is being loaded asks for it.
    """
    trust.check_file(name)
    if problem := name_problem(name):
        raise ConfigurationError(problem)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return PretrainedModel(str(folder), None, True)
    source, _, revision = name.partition("@")
    return PretrainedModel(source, revision or None, False)


def name_problem(name: str) -> str | None:
    """Why nothing can be read by this name; the network is not asked."""
    try:
        if Path(name).expanduser().is_dir():
            return None
    except (OSError, RuntimeError, ValueError) as error:  # too long, of an unknown user, with a null byte
        return f"is no path: {error}"
    if not _HUB_NAME.fullmatch(name) or name.startswith("."):
        return f"there is no folder {name!r} (seen from {Path.cwd()})"
    return None


def offline_problem(model: PretrainedModel) -> str | None:
    """Why a hub model cannot be read without network, where there is to be none (HF_HUB_OFFLINE)."""
    if model.is_local or not _is_offline() or model.commit() is not None:
        return None
    return (
        f"there is no folder {model.source!r} (seen from {Path.cwd()}), and no hub model of this name in the "
        "local cache, while HF_HUB_OFFLINE forbids to download it"
    )


def _is_offline() -> bool:
    from huggingface_hub import constants

    wanted = os.environ.get("TRANSFORMERS_OFFLINE", "").upper() in ("1", "TRUE", "ON")
    return bool(constants.HF_HUB_OFFLINE or wanted)


def weights_problem(model: PretrainedModel) -> str | None:
    """Why a model's weights cannot be read, as far as one can tell without network."""
    from huggingface_hub import try_to_load_from_cache

    if model.is_local:
        there = any((Path(model.source) / name).is_file() for name in _WEIGHTS)
        return None if there else f"there is no {_WEIGHTS[0]} in {model.source!r}; other formats are not read"
    if not _is_offline():
        return None
    revision = model.revision or "main"
    found = (try_to_load_from_cache(model.source, name, revision=revision) for name in _WEIGHTS)
    if any(isinstance(path, str) for path in found):
        return None
    return f"the local cache has no {_WEIGHTS[0]} of {model.source!r}, while HF_HUB_OFFLINE forbids to download it"


def read_transformer_config(name: str) -> Any:
    """The configuration of a transformer, a `transformers.PretrainedConfig`.

    Raises:
        ConfigurationError: it cannot be read, or needs code of its own, which is never run.
    """
    model = pretrained_model(name)
    if problem := offline_problem(model):
        raise ConfigurationError(problem)
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(model.source, **model.arguments())
    except Exception as error:  # transformers raises OSError, ValueError, KeyError and the hub's own
        raise ConfigurationError(f"the transformer {name!r} cannot be read: {first_lines(error)}") from error


def max_pieces(config: Any) -> int | None:
    """How many word pieces, special ones included, a transformer takes at once; None: any number.

    Args:
        config: a `transformers.PretrainedConfig`.
    """
    positions = getattr(config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions < 1:
        return None
    padding = getattr(config, "pad_token_id", None)
    return positions - ((padding or 0) + 1 if config.model_type in _OFFSET_POSITIONS else 0)


def first_lines(error: BaseException) -> str:
    """A message of transformers without its advice."""
    return " ".join(str(error).split("\n\n")[0].split())[:300] or type(error).__name__
