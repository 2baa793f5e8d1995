"""Evaluate jsonnet (and so JSON), with the environment as external variables."""

from __future__ import annotations

import json
import os
from os import PathLike
from typing import Any

from causal_mtl.common.errors import ConfigurationError
from causal_mtl.common.files import local_path


def evaluate_file(path: str | PathLike, ext_vars: dict[str, str] | None = None) -> Any:
    """The value of a jsonnet file; ``import`` is relative to the file that says it."""
    import _jsonnet

    local = str(local_path(path))
    if os.path.isdir(local):  # jsonnet would abort the process
        raise ConfigurationError(f"{path}: is a directory; expected a jsonnet or JSON file")
    return _evaluate(lambda variables: _jsonnet.evaluate_file(local, ext_vars=variables), ext_vars, str(path))


def evaluate_text(text: str, ext_vars: dict[str, str] | None = None, name: str = "snippet") -> Any:
    """The value of jsonnet text; `name` stands for the file in errors."""
    import _jsonnet

    return _evaluate(
        lambda variables: _jsonnet.evaluate_snippet(name, text, ext_vars=variables), ext_vars, name
    )


def _evaluate(run: Any, ext_vars: dict[str, str] | None, name: str) -> Any:
    try:
        return json.loads(run({**_environment(), **(ext_vars or {})}))
    except RuntimeError as error:
        message = f"{name}: {str(error).strip()}"
        if "undefined external variable" in message.lower():
            message += "\n(set it in the environment, or pass it in ext_vars)"
        raise ConfigurationError(message) from error


def _environment() -> dict[str, str]:
    """The environment, without what is not UTF-8: jsonnet would refuse all of it."""
    return {name: value for name, value in os.environ.items() if _is_utf8(name) and _is_utf8(value)}


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # Python carries undecodable bytes as lone surrogates
        return False
    return True
