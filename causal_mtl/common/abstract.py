"""The methods that a component has to define."""

from __future__ import annotations

import inspect
from typing import Any


def abstract_methods(base: Any) -> list[str]:
    """The methods marked by ``@abstractmethod`` that `base` leaves to its subclasses, in their order.

    The base classes here have no `abc.ABCMeta`, which torch's modules could not be combined with freely: what is
    missing is found when a config is resolved, not when an object is made.
    """
    names = dict.fromkeys(name for cls in reversed(getattr(base, "__mro__", ())) for name in vars(cls))
    return [name for name in names if getattr(_attribute(base, name), "__isabstractmethod__", False)]


def missing_methods(component: Any, base: Any) -> list[str]:
    """The methods that `base` demands and the class `component` (a subclass or not) does not define."""
    if not isinstance(component, type):  # a function
        return []
    lacking = [name for name in abstract_methods(base) if _attribute(component, name) is None]
    return lacking + [name for name in abstract_methods(component) if name not in lacking]


def _attribute(cls: Any, name: str) -> Any:
    return inspect.getattr_static(cls, name, None)
