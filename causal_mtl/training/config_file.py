"""Config files and overrides, as a training and the commands read them."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError, Params

DATA_ROOT = "CAUSAL_MTL_DATA"
_DEFAULT_DATA_ROOT = Path("../shared/data")


def read_config(path: str | PathLike[str], overrides: str | dict[str, Any] = "") -> Params:
    """Read a config file.

    The environment's variables are jsonnet's external variables. Where ``CAUSAL_MTL_DATA`` is not set and
    ``../shared/data`` exists, that is its value.

    Args:
        path: of a jsonnet or JSON file.
        overrides: jsonnet text, or values by dotted path.

    Raises:
        ConfigurationError: it cannot be read or evaluated.
    """
    known = DATA_ROOT in os.environ or not _DEFAULT_DATA_ROOT.is_dir()
    try:
        return Params.from_file(path, overrides, None if known else {DATA_ROOT: str(_DEFAULT_DATA_ROOT)})
    except FileNotFoundError as error:
        raise ConfigurationError(str(error)) from None


def with_text_overrides(params: Params, overrides: str) -> Params:
    """`params` with changes that are given as jsonnet text."""
    from causal_mtl.common.jsonnet import evaluate_text

    used = set(params.environment)
    changed = params.with_overrides(evaluate_text(overrides, name="overrides", used=used))
    changed.environment = frozenset(used)
    return changed
