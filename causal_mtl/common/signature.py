"""What a constructor takes, read from its annotations: strings, ``X | Y``, builtin generics, ``**kwargs``."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, get_type_hints

NO_DEFAULT = inspect.Parameter.empty


@dataclass(frozen=True)
class Parameter:
    """One parameter of a constructor; `default` is `NO_DEFAULT` when it must be given."""

    name: str
    annotation: Any
    default: Any = NO_DEFAULT
    factory: Callable[[], Any] | None = None

    @property
    def required(self) -> bool:
        """Whether the constructor cannot be called without it."""
        return self.default is NO_DEFAULT

    def make_default(self) -> Any:
        """The default; a new one where a dataclass makes a new one each time."""
        return self.factory() if self.factory else self.default


@dataclass(frozen=True)
class Signature:
    """The parameters of a constructor by name; `open` when it takes any further keyword as well."""

    parameters: dict[str, Parameter]
    open: bool = False


def signature_of(constructor: Callable) -> Signature:
    """Read what `constructor` (a class, a bound class method or a function) can be called with.

    A constructor with ``**kwargs`` is taken to hand them to the next constructor along the method
    resolution order, so that one's parameters are accepted too (the nearer definition wins). It is `open`
    when nobody further up can take them: then it must want them itself.

    An annotation that cannot be evaluated (a name imported for type checking only) counts as `Any`.
    """
    parameters: dict[str, Parameter] = {}
    for position, (function, skip, owner) in enumerate(_chain(constructor)):
        try:
            own = list(inspect.signature(function).parameters.values())[skip:]
        except ValueError:  # some builtins tell nothing about themselves
            return Signature(parameters, open=True)
        hints = _hints(function, owner)
        factories = _factories(owner)
        named = [p for p in own if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        if function is owner and not named:  # no constructor, and a ``__new__`` that only hands on
            return Signature(parameters)
        for p in named:
            found = Parameter(p.name, hints.get(p.name, Any), p.default, factories.get(p.name))
            parameters.setdefault(p.name, found)
        if not any(p.kind is p.VAR_KEYWORD for p in own):
            # A further constructor without parameters cannot have been handed any.
            return Signature(parameters, open=position > 0 and not named)
    return Signature(parameters, open=True)


def extras_for(from_params: Callable, extras: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `extras` that a ``from_params(params, ...)`` takes: all with ``**extras``, else by name."""
    first, *others = inspect.signature(from_params).parameters.values()
    everything = any(p.kind is p.VAR_KEYWORD for p in others)
    named = {p.name for p in others}
    taken = {"" if first.kind is first.VAR_POSITIONAL else first.name}
    return {
        name: extra for name, extra in extras.items() if name in named or (everything and name not in taken)
    }


def _chain(constructor: Callable) -> Iterator[tuple[Callable, int, type | None]]:
    """The functions that keywords travel through, each with its leading parameters to skip and its class."""
    owner = constructor if isinstance(constructor, type) else getattr(constructor, "__self__", None)
    if constructor is not owner:
        yield constructor, 0, owner if isinstance(owner, type) else None
    if isinstance(owner, type):
        inits = [
            c for c in owner.__mro__ if "__init__" in vars(c) and c.__module__ not in ("builtins", "typing")
        ]
        yield from ((vars(c)["__init__"], 1, c) for c in inits)
        if not inits:
            yield owner, 0, owner


def _factories(owner: type | None) -> dict[str, Callable[[], Any]]:
    fields = dataclasses.fields(owner) if owner is not None and dataclasses.is_dataclass(owner) else ()
    return {f.name: f.default_factory for f in fields if f.default_factory is not dataclasses.MISSING}


def _hints(function: Callable, owner: type | None) -> dict[str, Any]:
    """The evaluated annotations of `function`; `Any` for those that cannot be evaluated."""
    if isinstance(function, type):  # a class without ``__init__``: named tuples and the like
        function = function.__new__
    function = inspect.unwrap(getattr(function, "__func__", function))
    try:
        return get_type_hints(function, include_extras=True)
    except Exception:  # evaluating an annotation of foreign code can raise anything
        annotations = getattr(function, "__annotations__", {})
        return {name: _evaluate(note, function, owner) for name, note in annotations.items()}


def _evaluate(annotation: Any, function: Callable, owner: type | None) -> Any:
    # The fields of an inherited dataclass are written in the module of the base class.
    classes = owner.__mro__ if owner is not None else ()
    spaces = [getattr(function, "__globals__", {}), *(vars(sys.modules[c.__module__]) for c in classes)]
    for space in spaces:
        try:
            holder = SimpleNamespace(__annotations__={"it": annotation})
            names = {c.__name__: c for c in reversed(classes)}
            return get_type_hints(holder, space, names, include_extras=True)["it"]
        except Exception:  # as above
            continue
    return Any
