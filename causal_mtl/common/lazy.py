"""Objects that the config describes but whose last arguments come later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from causal_mtl.common.params import Params
from causal_mtl.common.signature import extras_for

T = TypeVar("T")


class Lazy(Generic[T]):
    """A constructor with its parameters, waiting for what is only known later.

    Annotate a parameter as ``Lazy[Optimizer]`` to be given one, and call `construct` as often as needed: each
    call makes a new object. ``Lazy(Adam)`` or ``Lazy(Adam, {"lr": 0.1})`` serves as a default value. A `Lazy`
    can be pickled when what it holds can.

    Args:
        constructor: a class or function.
        params: its parameters; for a class with ``from_params`` read as in a config, else passed as they are.
        constructor_extras: arguments to fill in by name, as if given to `construct`.
    """

    def __init__(
        self,
        constructor: Callable[..., T],
        params: Mapping[str, Any] | None = None,
        constructor_extras: Mapping[str, Any] | None = None,
    ) -> None:
        self._constructor = constructor
        self._params = params
        self._extras = dict(constructor_extras or {})

    def __repr__(self) -> str:
        return f"Lazy({getattr(self._constructor, '__qualname__', self._constructor)})"

    @property
    def target(self) -> Callable[..., T]:
        """The class or function itself, without its parameters."""
        return self._constructor

    @property
    def constructor(self) -> Callable[..., T]:
        """What is called, with all parameters bound that are known already."""
        return self.construct

    def construct(self, **late: Any) -> T:
        """A new object from the parameters of the config and these arguments.

        An argument fills the parameters of its name, here and in nested objects. One that the config gives
        keeps the config's value; one that no constructor names is not used.

        Raises:
            ConfigurationError: a required argument is still missing, or the constructor refused.
        """
        extras = {**self._extras, **late}
        params = Params(dict(self._params or {}))  # a copy
        from_params = getattr(self._constructor, "from_params", None)
        if from_params is not None:
            return from_params(params, **extras_for(from_params, extras))
        return self._constructor(**{**extras, **params.params})


class Late:
    """Names the arguments of a `Lazy` that the code gives: ``Annotated[Lazy[Optimizer], Late("params")]``.

    With it a config that lacks another required argument is refused at once, not at `Lazy.construct`.
    """

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def __repr__(self) -> str:
        return f"Late({', '.join(map(repr, sorted(self.names)))})"
