"""Evaluate jsonnet (and so JSON), with the environment as external variables."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from causal_mtl.common.errors import ConfigurationError
from causal_mtl.common.files import local_path

_UNDEFINED = re.compile(r"RUNTIME ERROR: undefined external variable: (.*)")


def evaluate_file(
    path: str | PathLike, ext_vars: dict[str, str] | None = None, used: set[str] | None = None
) -> Any:
    """The value of a jsonnet file; ``import`` is relative to the file that says it.

    Args:
        path: of the file, or a URL.
        ext_vars: external variables; they win over the environment's.
        used: the names of the environment's variables that were read are added to it.

    Raises:
        ConfigurationError: it cannot be evaluated.
        FileNotFoundError: there is no such file.
    """
    import _jsonnet

    local = local_path(path)
    if local.is_dir():
        raise ConfigurationError(f"{path} is a directory: name a jsonnet or JSON file")
    return _evaluate(_jsonnet.evaluate_file, (str(local),), str(path), ext_vars, used)


def evaluate_text(
    text: str,
    ext_vars: dict[str, str] | None = None,
    name: str = "snippet",
    used: set[str] | None = None,
) -> Any:
    """The value of jsonnet text; `name` stands for the file in errors. Otherwise as `evaluate_file`."""
    import _jsonnet

    return _evaluate(_jsonnet.evaluate_snippet, (name, text), name, ext_vars, used)


def _evaluate(
    run: Callable[..., str],
    source: tuple[str, ...],
    name: str,
    ext_vars: dict[str, str] | None,
    used: set[str] | None,
) -> Any:
    """Evaluate again and again, each time with one more of the variables that it asks for, and with no other."""
    given, taken = dict(ext_vars or {}), set[str]()
    while True:
        try:
            value = json.loads(run(*source, ext_vars=given, import_callback=_import))
        except RuntimeError as error:
            asked = _UNDEFINED.match(str(error))
            variable = asked[1] if asked else None
            if variable is not None and variable not in given and _is_utf8(os.environ.get(variable)):
                given[variable] = os.environ[variable]
                taken.add(variable)
                continue
            message = f"{name}: {_without_values(str(error).strip(), given, taken)}"
            if asked:
                message += "\n(set it in the environment, or pass it in ext_vars)"
            raise ConfigurationError(message) from None
        if used is not None:
            used |= taken
        return value


def _import(directory: str, path: str) -> tuple[str, bytes]:
    """What ``import`` reads. (jsonnet's own way to do this ends the process at a directory.)"""
    file = Path(directory, path)
    if not file.is_file():
        raise RuntimeError("there is no such file")
    return str(file), file.read_bytes()


def _without_values(message: str, given: dict[str, str], taken: Iterable[str]) -> str:
    """`message` with the names of the environment's variables in place of what they hold, which may be secret."""
    for variable in sorted(taken, key=lambda name: -len(given[name])):
        if given[variable].strip():
            message = message.replace(given[variable], f"<{variable}>")
    return message


def _is_utf8(text: str | None) -> bool:
    """Whether a variable is there, and jsonnet can take it."""
    if text is None:
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # Python carries undecodable bytes as lone surrogates
        return False
    return True
