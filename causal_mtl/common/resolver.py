"""Match the keys of a configuration with the constructors of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from causal_mtl.common import registry, trust
from causal_mtl.common.abstract import missing_methods
from causal_mtl.common.errors import required
from causal_mtl.common.plan import Construct, Custom, Plan, Value
from causal_mtl.common.registry import REGISTRY, Entry
from causal_mtl.common.signature import signature_of
from causal_mtl.common.text import join, suggestion, type_name
from causal_mtl.common.type_resolver import TypeResolver


@dataclass
class Resolver(TypeResolver):
    """Adds classes to what `TypeResolver` knows.

    Attributes:
        standard: the usual ``from_params``; a class with another one is left to it.
    """

    standard: Any = None

    def instance(self, cls: Any, value: Any, path: str, own_way: bool = True) -> Plan:
        """An object of a class: there already, or to be made as the class or its registry says.

        With `own_way` a class that has a ``from_params`` of its own is left to it.
        """
        if _is_instance(value, cls):
            return Value(path, value)
        named = registry.is_named(cls)
        params = {"type": value} if isinstance(value, str) and named else value
        if not isinstance(params, dict):
            self._refuse(cls, value, path)
            return Value(path, value)
        if own_way and self._own_way(cls):
            return Custom(path, params, cls, params)
        choice = self._choose(cls, params, path, value) if named else (Entry(cls), params)
        if choice is None:
            return Value(path, value)
        entry, arguments = choice
        # The own way of `cls` itself is what is running now, if it has one.
        if not entry.constructor and self._own_way(entry.cls) not in (None, self._own_way(cls)):
            return Custom(path, params, entry.cls, arguments)
        is_default = cls in REGISTRY and "type" not in params
        return self._construct(entry, params, arguments, path, is_default)

    def _own_way(self, cls: Any) -> Any:
        """The class's own ``from_params``, None if it has none or the standard one."""
        method = getattr(cls, "from_params", None)
        function = getattr(method, "__func__", method)
        return None if function is self.standard else function

    def _choose(self, cls: Any, params: dict, path: str, value: Any) -> tuple[Entry, dict] | None:
        """The implementation that ``type``, or the default, names; and the other keys."""
        here = path if isinstance(value, str) else join(path, "type")
        name = params.get("type", None if cls not in REGISTRY else cls.default_implementation)
        others = {key: item for key, item in params.items() if key != "type"}
        if cls not in REGISTRY:  # an implementation, that may be named all the same
            entry = registry.implementation(cls, name)
            return (entry, others) if entry else (Entry(cls), params)
        if not REGISTRY[cls]:
            self._note(
                path, f"{cls.__name__} has no registered concrete types; is the module with them imported?"
            )
        elif name is None:
            self._note(here, required("type", cls.__name__, f"registered: {', '.join(REGISTRY[cls])}"))
        elif not isinstance(name, str):
            self._refuse(str, name, here)
        else:
            try:
                entry = registry.look_up(cls, name)
            except Exception as error:  # a dotted path imports a foreign module, which can raise anything
                self._note(here, str(error) or type(error).__name__)
                return None
            if not _is_component(entry, cls):
                self._note(
                    here, f"'{name}' is neither registered for {cls.__name__} nor a class derived from it"
                )
                return None
            if missing := missing_methods(entry.cls, cls):
                self._note(here, f"{type_name(entry.cls)} does not define {', '.join(missing)}")
            return entry, others
        return None

    def _construct(self, entry: Entry, params: dict, given: dict, path: str, is_default: bool) -> Plan:
        """Match the keys with the parameters of the constructor."""
        before = len(self.problems)
        signature = signature_of(entry.call)
        name = type_name(entry.cls) + (f".{entry.constructor}" if entry.constructor else "")
        name += f", the default of {join(path, 'type')}" if is_default else ""
        accepted = [key for key in signature.parameters if key not in self.extras]
        arguments: dict[str, Plan] = {}
        for key, item in given.items():
            here = join(path, key)
            if trust.is_filled_in(key) and (key in signature.parameters or signature.open):
                self._note(here, "a model archive cannot set this: the library fills it in")
            elif key in signature.parameters:
                parameter = signature.parameters[key]
                stays_none = item is None and parameter.default is None
                arguments[key] = (
                    Value(here, None) if stays_none else self.resolve(parameter.annotation, item, here)
                )
            elif signature.open:
                arguments[key] = Value(here, item)
            else:
                listed = ", ".join(accepted) or "none"
                self._note(here, f"unknown key for {name}{suggestion(key, accepted)} (accepted: {listed})")
        for key, parameter in signature.parameters.items():
            if parameter.required and key not in given and key not in self.extras and not self.open:
                expected = type_name(parameter.annotation)
                self._note(join(path, key), required(key, name, f"expected {expected}"))
        plan = Construct(path, params, entry.cls, entry.call, arguments)
        own_check = getattr(entry.cls, "config_problems", None)
        if self.own_checks and own_check is not None and len(self.problems) == before:
            self.problems.extend(own_check(plan))
        return plan


def _is_component(entry: Entry, base: Any) -> bool:
    if any(entry.cls is registered.cls for registered in REGISTRY[base].values()):
        return True
    return isinstance(entry.cls, type) and issubclass(entry.cls, base)


def _is_instance(value: Any, cls: Any) -> bool:
    try:
        return isinstance(value, cls)
    except TypeError:  # a protocol that cannot be checked
        return False
