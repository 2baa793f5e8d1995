"""Base classes whose implementations have names."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from causal_mtl.common import registry
from causal_mtl.common.errors import ConfigurationError
from causal_mtl.common.from_params import FromParams
from causal_mtl.common.registry import REGISTRY, Entry

logger = logging.getLogger(__name__)
C = TypeVar("C", bound=Callable)


class Registrable(FromParams):
    """A base class that a config fills by name: ``{"type": "bilstm", ...}``, or just ``"bilstm"``.

    Each class that inherits directly from this one has a registry of its own. Implementations are added with
    ``@Base.register("name")``; they need not inherit from the base (``Optimizer.register("adam")(Adam)``).

    Attributes:
        default_implementation: the name used when a config gives no ``type``; None: ``type`` is required.
    """

    default_implementation: ClassVar[str | None] = None
    _registry: ClassVar[dict[type, dict[str, Entry]]] = REGISTRY

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if Registrable in cls.__bases__:
            REGISTRY.setdefault(cls, {})

    @classmethod
    def register(cls, name: str, constructor: str | None = None, exist_ok: bool = False) -> Callable[[C], C]:
        """A decorator that registers a class under `name` and returns it unchanged.

        Args:
            name: the name; unique for this base class.
            constructor: a class method to call in place of the class itself.
            exist_ok: replace an earlier registration of the name.

        Raises:
            ConfigurationError: the name is taken.
        """
        entries = REGISTRY.setdefault(cls, {})

        def add(component: C) -> C:
            if name in entries:
                taken = getattr(entries[name].cls, "__name__", entries[name].cls)
                message = f"cannot register '{name}' as {cls.__name__}: the name is in use for {taken}"
                if not exist_ok:
                    raise ConfigurationError(message)
                logger.info("%s; it is replaced (exist_ok)", message)
            entries[name] = Entry(component, constructor)
            return component

        return add

    @classmethod
    def by_name(cls, name: str) -> Callable[..., Any]:
        """The class registered as `name`, or its bound constructor; `name` can be the dotted path of a subclass.

        Raises:
            ConfigurationError: nothing has this name; the message suggests a near one.
        """
        return registry.look_up(cls, name).call

    @classmethod
    def resolve_class_name(cls, name: str) -> tuple[Any, str | None]:
        """As `by_name`, in two parts: the class, and the name of its constructor (None: the class itself)."""
        return registry.look_up(cls, name)

    @classmethod
    def list_available(cls) -> list[str]:
        """The registered names, the default first.

        Raises:
            ConfigurationError: the default is not registered.
        """
        return registry.available(cls)
