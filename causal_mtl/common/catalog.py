"""What a config can name: base classes, their registered components, and what each of these takes."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from causal_mtl.common.abstract import abstract_methods
from causal_mtl.common.errors import ConfigurationError
from causal_mtl.common.registry import REGISTRY, available, look_up
from causal_mtl.common.signature import signature_of
from causal_mtl.common.text import suggestion, type_name


@dataclass(frozen=True)
class ParameterInfo:
    """A parameter of a component; `default` is None when it is required, else as Python writes it."""

    name: str
    type: str
    default: str | None


@dataclass(frozen=True)
class ComponentInfo:
    """A registered component.

    Attributes:
        name: what a config calls it.
        path: where its class is defined.
        doc: the first line of its documentation.
        is_default: whether it is meant when a config gives no ``type``.
        parameters: what a config can give it, in the constructor's order.
        open: whether it takes any further key.
    """

    name: str
    path: str
    doc: str
    is_default: bool
    parameters: tuple[ParameterInfo, ...]
    open: bool


@dataclass(frozen=True)
class MethodInfo:
    """A method to write: name, call (``loss(output, targets)``) and the first line of its documentation."""

    name: str
    call: str
    doc: str


@dataclass(frozen=True)
class BaseInfo:
    """A base class, the first line of its documentation, and the names registered for it."""

    name: str
    doc: str
    components: tuple[str, ...]


def bases() -> list[BaseInfo]:
    """All base classes that have components, by name. Only imported modules are known."""
    known = sorted((base for base, entries in REGISTRY.items() if entries), key=lambda base: base.__name__)
    return [BaseInfo(base.__name__, _first_line(base), tuple(available(base))) for base in known]


def components(base: str) -> list[ComponentInfo]:
    """The components of a base class, the default first.

    Raises:
        ConfigurationError: there is no such base class; the message suggests a near one.
    """
    cls = _base(base)
    return [component(base, name) for name in available(cls)]


def component(base: str, name: str) -> ComponentInfo:
    """One component.

    Raises:
        ConfigurationError: there is no such base class or component; the message suggests a near one.
    """
    cls = _base(base)
    entry = look_up(cls, name)
    signature = signature_of(entry.call)
    parameters = tuple(
        ParameterInfo(p.name, type_name(p.annotation), None if p.required else _default(p.make_default()))
        for p in signature.parameters.values()
    )
    made_by = entry.call if entry.constructor and _first_line(entry.call) else entry.cls
    path = f"{entry.cls.__module__}.{entry.cls.__qualname__}"
    is_default = getattr(cls, "default_implementation", None) == name
    return ComponentInfo(name, path, _first_line(made_by), is_default, parameters, signature.open)


def describe(base: str | None = None, name: str | None = None) -> str:
    """The catalogue as text: all base classes, the components of one, or the parameters of a component."""
    if base is None:
        return "\n".join(_paragraph(info.name, info.doc, ", ".join(info.components)) for info in bases())
    if name is not None:
        return _details(component(base, name))
    listed = [
        _paragraph(info.name + (" (default)" if info.is_default else ""), info.doc, _short(info))
        for info in components(base)
    ]
    return "\n".join([*listed, *_methods_to_write(_base(base))])


def methods(base: str) -> list[MethodInfo]:
    """The methods that a component of a base class must define.

    Raises:
        ConfigurationError: there is no such base class; the message suggests a near one.
    """
    cls = _base(base)
    found = [(name, inspect.getattr_static(cls, name)) for name in abstract_methods(cls)]
    return [MethodInfo(name, _call(name, method), _first_line(method)) for name, method in found]


def _methods_to_write(base: type) -> list[str]:
    found = methods(f"{base.__module__}.{base.__qualname__}")
    if not found:
        return []
    lines = [_paragraph(f"  {info.call}", f"  {info.doc}" if info.doc else "") for info in found]
    return [f"\nyour own: a subclass of {base.__module__}.{base.__qualname__}, which must define", *lines]


def _call(name: str, method: Any) -> str:
    function = getattr(method, "__func__", method)
    if not inspect.isfunction(function):  # a property
        return name
    return f"{name}({', '.join(list(inspect.signature(function).parameters)[1:])})"


def _base(name: str) -> type:
    """The base class of a name, or of a dotted path; of several with one name the library's own."""
    there = [base for base, entries in REGISTRY.items() if entries]
    for base in there:
        if f"{base.__module__}.{base.__qualname__}" == name:
            return base
    own_last = sorted(there, key=lambda base: base.__module__.startswith("causal_mtl."))
    names = {base.__name__: base for base in own_last}
    if name not in names:
        listed = ", ".join(sorted(names)) or "none"
        raise ConfigurationError(f"no base class '{name}'{suggestion(name, names)} (known: {listed})")
    return names[name]


def _details(info: ComponentInfo) -> str:
    lines = [
        f"{info.name}{' (default)' if info.is_default else ''}: {info.path}",
        *([info.doc] if info.doc else []),
    ]
    width = max((len(parameter.name) for parameter in info.parameters), default=0)
    for parameter in info.parameters:
        ending = "required" if parameter.default is None else f"default {parameter.default}"
        lines.append(f"  {parameter.name:{width}}  {parameter.type}  ({ending})")
    return "\n".join([*lines, *(["  any further key"] if info.open else [])])


def _short(info: ComponentInfo) -> str:
    required = [parameter.name for parameter in info.parameters if parameter.default is None]
    optional = [f"[{parameter.name}]" for parameter in info.parameters if parameter.default is not None]
    return " ".join([*required, *optional, *(["..."] if info.open else [])])


def _paragraph(title: str, *lines: str) -> str:
    wrapped = [
        textwrap.fill(line, 100, initial_indent="    ", subsequent_indent="    ") for line in lines if line
    ]
    return "\n".join([title, *wrapped])


def _default(value: Any) -> str:
    if isinstance(value, type) or inspect.isroutine(value):
        return value.__name__
    text = repr(value)
    return text if len(text) <= 60 and " at 0x" not in text else type(value).__name__


def _first_line(thing: type | Callable) -> str:
    # Not inspect.getdoc: what a class inherits does not describe it.
    doc = vars(thing).get("__doc__") if isinstance(thing, type) else thing.__doc__
    return inspect.cleandoc(doc).partition("\n")[0] if doc else ""
