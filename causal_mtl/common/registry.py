"""The names under which classes are known, per base class."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from causal_mtl.common import trust
from causal_mtl.common.errors import ConfigurationError
from causal_mtl.common.text import suggestion


class Entry(NamedTuple):
    """A registered class (or function), and the name of its constructor method if not the class itself."""

    cls: Callable
    constructor: str | None = None

    @property
    def call(self) -> Callable:
        """What makes the object."""
        return getattr(self.cls, self.constructor) if self.constructor else self.cls


# Every base class has an entry from its definition on, so that a base without components can say so.
REGISTRY: dict[type, dict[str, Entry]] = {}


def available(base: type) -> list[str]:
    """The names registered for `base`, its default first.

    Raises:
        ConfigurationError: the default is not among them.
    """
    names = list(REGISTRY.get(base, {}))
    default = getattr(base, "default_implementation", None)
    if default is None or base not in REGISTRY:
        return names
    if default not in names:
        raise ConfigurationError(f"default implementation '{default}' of {base.__name__} is not registered")
    return [default, *(name for name in names if name != default)]


def look_up(base: type, name: str) -> Entry:
    """The entry of a registered name, or of the dotted path of a subclass or of something registered.

    Raises:
        ConfigurationError: nothing has this name (the message suggests a near one); the path names something that
            does not belong to `base`; or it stands in a model archive, which cannot name it.
    """
    entries = REGISTRY.get(base, {})
    if name in entries:
        return entries[name]
    if "." in name:
        return Entry(_checked(base, name, _import(name)))
    listed = ", ".join(available(base)) or "nothing: is its module imported?"
    raise ConfigurationError(
        f"'{name}' is not a registered name for {base.__name__}{suggestion(name, entries)} "
        f"(registered: {listed}; your own need --include-package, a plugins file or a dotted path)"
    )


def is_named(cls: type) -> bool:
    """Whether a config can name what it wants for `cls`: a base class, or an implementation of one."""
    return any(base in REGISTRY for base in getattr(cls, "__mro__", ()))


def implementation(cls: type, name: str | None) -> Entry | None:
    """The entry called `name` that makes `cls`, an implementation; None if there is none."""
    for base in cls.__mro__:
        entry = REGISTRY.get(base, {}).get(name or "")
        if entry is not None and entry.cls is cls:
            return entry
    return None


def _import(path: str) -> Any:
    module, _, name = path.rpartition(".")
    if not all(part.isidentifier() for part in path.split(".")):
        raise ConfigurationError(f"{path!r} is neither a registered name nor the dotted path of a class")
    try:
        trust.check_module(module)
        return getattr(importlib.import_module(module), name)
    except ConfigurationError as error:
        raise ConfigurationError(f"'{path}': {error}") from None
    except AttributeError as error:
        raise ConfigurationError(f"'{path}': module '{module}' has no '{name}'") from error
    except Exception as error:  # importing a module runs it
        raise ConfigurationError(f"'{path}': cannot import module '{module}': {error}") from error


def _checked(base: type, path: str, found: Any) -> Callable:
    """`found` at a dotted path, if it is a subclass of `base` or registered for it."""
    registered = any(found is entry.cls for entry in REGISTRY.get(base, {}).values())
    if registered or (isinstance(found, type) and issubclass(found, base)):
        return found
    kind = "class" if isinstance(found, type) else type(found).__name__
    raise ConfigurationError(
        f"'{path}': this {kind} is no subclass of {base.__name__}; "
        f'derive it from {base.__name__}, or register it with @{base.__name__}.register("name")'
    )
