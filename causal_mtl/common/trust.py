"""Whose configuration is read: the user's own, which may name anything, or that of an archive, which may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from causal_mtl.common.errors import ConfigurationError

_filled_in: ContextVar[frozenset[str] | None] = ContextVar("filled_in", default=None)
_included: set[str] = set()


@contextmanager
def untrusted(filled_in: Iterable[str] = ()) -> Iterator[None]:
    """Within this block configurations are not trusted.

    They can name registered components, and classes of packages that the user has included; they open no file.

    Args:
        filled_in: constructor parameters that only the library fills in; such a configuration cannot.
    """
    token = _filled_in.set(frozenset(filled_in))
    try:
        yield
    finally:
        _filled_in.reset(token)


def is_filled_in(parameter: str) -> bool:
    """Whether a constructor's `parameter` is one that the configuration being read cannot give."""
    return parameter in (_filled_in.get() or ())


def include(package: str) -> None:
    """Note that the user wants the components of `package`, as with ``--include-package``."""
    _included.add(package)


def check_module(module: str) -> None:
    """Refuse a dotted path into `module` before the module is imported.

    Raises:
        ConfigurationError: an untrusted configuration names it, and no included package covers it.
    """
    if _filled_in.get() is not None and not any(f"{module}.".startswith(f"{name}.") for name in _included):
        raise ConfigurationError(
            f"a model archive names registered components only; if you trust {module!r}, "
            f"name it with --include-package {module}"
        )


def check_file(path: str) -> None:
    """Refuse to open a file that an untrusted configuration names.

    Raises:
        ConfigurationError: the configuration being read is not trusted.
    """
    if _filled_in.get() is not None:
        raise ConfigurationError(f"{path!r}: loading a model archive opens no other file")
