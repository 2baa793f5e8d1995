"""What a resolved configuration is: a tree that has been checked and only needs to be built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from causal_mtl.common.by_path import at_path
from causal_mtl.common.errors import ConfigurationError, ConfigurationErrors, Problem, required
from causal_mtl.common.lazy import Lazy
from causal_mtl.common.params import Params
from causal_mtl.common.read_paths import ReadPath
from causal_mtl.common.signature import extras_for, signature_of
from causal_mtl.common.text import join, split, type_name

_MISSING: Any = object()


@dataclass
class Plan:
    """A part of a configuration. `build` can be called any number of times, on the whole or on a part.

    Attributes:
        path: the key path of this part.
        value: what the configuration says here, as plain data.
    """

    path: str
    value: Any

    def build(self, **extras: Any) -> Any:
        """A new object; `extras` fill constructor parameters of their names, at any depth.

        Raises:
            ConfigurationError: with the key path, when a constructor refuses or an argument is missing.
        """
        raise NotImplementedError

    def parts(self) -> Iterable[Plan]:
        """The parts right below."""
        return ()

    def reads(self) -> Iterator[ReadValue]:
        """What components will read besides the data, as far as their annotations say so (`ReadPath`)."""
        for part in self.parts():
            yield from part.reads()

    def child(self, key: str) -> Plan | None:
        """The part below `key` (an index as digits), or None."""
        below = self.value
        if isinstance(below, list) and key.isdecimal() and int(key) < len(below):
            return Value(join(self.path, int(key)), below[int(key)])
        return Value(join(self.path, key), below[key]) if isinstance(below, dict) and key in below else None

    def at(self, path: str) -> Plan:
        """The part at a path relative to this one, ``tasks[0].name`` or ``tasks.0.name``.

        Raises:
            KeyError: the configuration says nothing there.
        """
        plan: Plan | None = self
        for segment in split(path):
            plan = plan.child(segment) if plan is not None else None
        if plan is None:
            raise KeyError(join(self.path, path) if not self.path else f"{self.path}.{path}")
        return plan

    def get(self, path: str, default: Any = None) -> Any:
        """The plain value at a path: the configuration's, else the constructor's default, else `default`."""
        try:
            return self.at(path).value
        except KeyError:
            *above, last = split(path)
        try:
            owner = self.at(".".join(above))
        except KeyError:
            return default
        owner = owner.inner if isinstance(owner, LazyPlan) else owner
        if isinstance(owner, Construct):
            parameter = signature_of(owner.constructor).parameters.get(last)
            if parameter is not None and not parameter.required:
                return parameter.make_default()
        return default

    def says(self, key: str) -> bool:
        """Whether the configuration itself gives `key` (a default does not count), and not as null."""
        part = self.child(key)
        return part is not None and part.value is not None

    def component(self, key: str) -> Any:
        """The class that `key` will be made of, by the configuration or by default; None if there is none."""
        part: Any = self.child(key)
        part = part.inner if isinstance(part, LazyPlan) else part
        if part is not None:
            return getattr(part, "cls", None)
        default = self.get(key)
        if default is None:
            return None
        return default.target if isinstance(default, Lazy) else type(default)

    def problem(self, key: str, message: str, because: str = "") -> Problem:
        """A problem at `key` of this part; `because` is another key that is to blame as well."""
        return Problem(
            join(self.path, key), message + (f" (see {join(self.path, because)})" if because else "")
        )


@dataclass
class Value(Plan):
    """Plain data, or an object that was there already."""

    def build(self, **extras: Any) -> Any:
        """The value; dictionaries and lists are copied, objects are not."""
        return _copy(self.value)


@dataclass
class ReadValue(Value):
    """The name of what a component reads; `mark` says in which ways it can be one."""

    mark: ReadPath

    def reads(self) -> Iterator[ReadValue]:
        """Itself."""
        yield self


@dataclass
class Items(Plan):
    """A list, tuple or set (`kind`) of parts."""

    items: list[Plan]
    kind: Callable[[Iterable], Any] = list

    def build(self, **extras: Any) -> Any:
        """All items, in a new collection."""
        return _guarded(self.path, self.kind, [item.build(**extras) for item in self.items])

    def parts(self) -> Iterable[Plan]:
        """All items."""
        return self.items

    def child(self, key: str) -> Plan | None:
        """The item of an index."""
        return self.items[int(key)] if key.isdecimal() and int(key) < len(self.items) else None


@dataclass
class Entries(Plan):
    """A dictionary of parts."""

    entries: dict[Any, Plan]

    def build(self, **extras: Any) -> dict:
        """All entries, in a new dictionary."""
        return {key: plan.build(**extras) for key, plan in self.entries.items()}

    def parts(self) -> Iterable[Plan]:
        """All entries."""
        return self.entries.values()

    def child(self, key: str) -> Plan | None:
        """The entry of a key."""
        return next((plan for name, plan in self.entries.items() if str(name) == key), None)


@dataclass
class Construct(Plan):
    """A call of a constructor.

    Attributes:
        cls: the class (or registered function) that the configuration chose.
        constructor: what is called: `cls`, or a class method of it.
        arguments: the parts given by the configuration, by parameter name.
    """

    cls: Any
    constructor: Callable
    arguments: dict[str, Plan] = field(default_factory=dict)

    def build(self, **extras: Any) -> Any:
        """Build the arguments, fill in `extras` by name, and call the constructor."""
        arguments = {name: plan.build(**extras) for name, plan in self.arguments.items()}
        missing = []
        for name, parameter in signature_of(self.constructor).parameters.items():
            if name in arguments:
                continue
            if name in extras:
                arguments[name] = at_path(extras[name], self.path)
            elif parameter.required:
                message = required(name, type_name(self.cls), f"expected {type_name(parameter.annotation)}")
                missing.append(Problem(join(self.path, name), message))
        if missing:
            raise ConfigurationErrors(missing)
        made = _guarded(self.path, self.constructor, **arguments)
        if hasattr(made, "__dict__") and not isinstance(made, type):
            vars(made)["_construction_params"] = self.value  # to_params gives it back
        return made

    def parts(self) -> Iterable[Plan]:
        """All arguments."""
        return self.arguments.values()

    def child(self, key: str) -> Plan | None:
        """The argument of a name, or ``type``."""
        return self.arguments.get(key) or (super().child(key) if key == "type" else None)


@dataclass
class Custom(Plan):
    """A call of a class's own ``from_params`` with `params`; what is below is not known."""

    cls: Any
    params: dict[str, Any]

    def build(self, **extras: Any) -> Any:
        """Call ``cls.from_params(params, **extras)`` with the extras that it takes."""
        taken = extras_for(self.cls.from_params, extras)
        taken = {name: at_path(extra, self.path) for name, extra in taken.items()}
        return _guarded(self.path, self.cls.from_params, _params(self.path, self.params), **taken)


@dataclass
class ParamsPlan(Plan):
    """A part that its owner wants as `Params`."""

    def build(self, **extras: Any) -> Params:
        """A copy that knows its key path."""
        return _params(self.path, self.value)


@dataclass
class LazyPlan(Plan):
    """A part to be built by the code that is given it, as a `Lazy`."""

    inner: Plan

    def build(self, **extras: Any) -> Lazy:
        """A `Lazy` that builds the inner part; `extras` are kept for it."""
        return Lazy(self.inner.build, constructor_extras=extras)

    def parts(self) -> Iterable[Plan]:
        """The inner part."""
        return (self.inner,)

    def child(self, key: str) -> Plan | None:
        """As the inner part's."""
        return self.inner.child(key)


def _guarded(path: str, call: Callable, /, *args: Any, **kwargs: Any) -> Any:
    """Call; an error that speaks of a value is raised again with the key path in front."""
    try:
        return call(*args, **kwargs)
    except ConfigurationErrors:
        raise  # has paths already
    except (ConfigurationError, ValueError, TypeError) as error:
        raise ConfigurationErrors([Problem(path, str(error), isinstance(error, TypeError))]) from error
    except (
        ArithmeticError,
        LookupError,
        MemoryError,
        RuntimeError,
    ) as error:  # such as a size beyond all memory
        raise ConfigurationErrors([Problem(path, f"{type(error).__name__}: {error}")]) from error


def _params(path: str, values: dict[str, Any]) -> Params:
    return Params(values, f"{path}." if path else "")


def _copy(value: Any) -> Any:
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if type(value) is list else value
