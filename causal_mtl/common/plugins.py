"""Import the modules that register a user's own components."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

from causal_mtl.common import trust
from causal_mtl.common.errors import ConfigurationError

logger = logging.getLogger(__name__)

PLUGINS_FILE = ".causal_mtl_plugins"
ENTRY_POINTS = "causal_mtl.plugins"
_ARCHIVES = ("model.tar.gz", "weights.safetensors")
"""A directory with one of these can come from a stranger, with a plugins file and modules of theirs."""
_told: set[Path] = set()
"""Plugins files that were warned of: a command and what it calls both import plugins."""


def import_package(name: str) -> None:
    """Import a module or package, and every module below a package; the working directory is searched too.

    From then on a model archive, too, can name its classes by their dotted paths.

    Raises:
        ConfigurationError: there is no such module, or it cannot be imported.
    """
    _import(name, Path.cwd())
    trust.include(name)


def _import(name: str, directory: Path | None) -> None:
    """Import a module, and all below it; `directory` is searched first."""
    with _searched_first(directory):
        try:
            module = importlib.import_module(name)
            for info in pkgutil.walk_packages(getattr(module, "__path__", []), f"{name}.", onerror=_raise):
                if info.name.rpartition(".")[2] != "__main__":  # that one is a program
                    importlib.import_module(info.name)
        except ConfigurationError:
            raise  # a registration that clashes says so itself
        except Exception as error:
            raise ConfigurationError(f"cannot import '{name}': {type(error).__name__}: {error}") from error


def import_plugins() -> list[str]:
    """Import all plugins: those of the plugins files, then those of installed packages.

    A plugins file is ``.causal_mtl_plugins`` in the working directory or in the home directory, one module a
    line, ``#`` starting a comment. Installed packages name modules as entry points of the group
    ``causal_mtl.plugins``; one of these that fails is only a warning, since it may come from a package that
    has nothing to do with the present work. In a working directory that holds a model archive, neither its
    plugins file nor its modules are used, with a warning: they may have come with the archive.

    Returns:
        The names of the modules, in the order of import.

    Raises:
        ConfigurationError: a module of a plugins file fails; the message names the file.
    """
    imported: dict[str, None] = {}
    here = _unless_with_archive(Path.cwd())
    for file in dict.fromkeys(place / PLUGINS_FILE for place in (here, Path.home()) if place):
        for module in _modules(file):
            try:
                _import(module, here)
            except ConfigurationError as error:
                raise ConfigurationError(f"{file}: {error}") from error
            trust.include(module)
            imported[module] = None
    for point in entry_points(group=ENTRY_POINTS):
        try:
            _import(point.module, here)
        except ConfigurationError as error:
            logger.warning("plugin '%s' of an installed package is left out: %s", point.name, error)
        else:
            imported[point.module] = None
    return list(imported)


def _unless_with_archive(directory: Path) -> Path | None:
    found = next((name for name in _ARCHIVES if (directory / name).exists()), None)
    file = directory / PLUGINS_FILE
    if found and file not in _told and file.is_file() and directory != Path.home():
        _told.add(file)
        logger.warning(
            "%s is not read, as it lies beside %s and may have come with it: name modules by --include-package",
            file,
            found,
        )
    return None if found else directory


def _modules(file: Path) -> Iterator[str]:
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            if module := line.partition("#")[0].strip():
                yield module


@contextmanager
def _searched_first(directory: Path | None) -> Iterator[None]:
    importlib.invalidate_caches()
    if directory is None:
        yield
        return
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        sys.path.remove(str(directory))


def _raise(name: str) -> None:
    raise
