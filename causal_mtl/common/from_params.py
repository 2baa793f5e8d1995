"""Objects made from a configuration by reading their constructor's annotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from causal_mtl.common.errors import ConfigurationError, Problem
from causal_mtl.common.params import Params
from causal_mtl.common.plan import Construct
from causal_mtl.common.registry import REGISTRY
from causal_mtl.common.resolve import construct_from_params
from causal_mtl.common.signature import signature_of


class FromParams:
    """Gives a class ``from_params`` and ``to_params``.

    The constructor's annotations say what a config may give; see ``docs/config.md``. A subclass with needs of
    its own overrides ``from_params(cls, params: Params, **extras)``.
    """

    from_params = classmethod(construct_from_params)

    def __new__(cls, /, *args: Any, **kwargs: Any) -> Any:
        """A new object, which remembers the plain ones of its arguments for `to_params`."""
        new = super().__new__
        made = new(cls) if new is object.__new__ else new(cls, *args, **kwargs)
        if hasattr(made, "__dict__"):
            # Only plain values: objects would be kept alive, and copied with every copy of this one.
            vars(made)["_plain_arguments"] = (
                {number: arg for number, arg in enumerate(args) if _is_plain(arg)},
                {name: arg for name, arg in kwargs.items() if _is_plain(arg)},
            )
        return made

    @classmethod
    def config_problems(cls, config: Construct) -> Iterable[Problem]:
        """What is wrong with a config of this class that no annotation can say: override it to check more.

        It is asked when a config is resolved, for a part whose keys are all known and of the right types: about
        settings that exclude each other, or that would have no effect.

        Args:
            config: what the config gives, to ask by ``config.says("key")`` (given or left to its default?),
                ``config.get("key")`` (the value) and ``config.component("key")`` (the class that is named there).

        Returns:
            Problems, made by ``config.problem("key", "what is wrong")``.
        """
        return ()

    def to_params(self) -> Params:
        """The `Params` from which ``from_params`` makes an object like this one.

        Raises:
            ConfigurationError: the object was made by hand from another object, which it does not keep as an
                attribute of the parameter's name (or with ``_`` before it); override `_to_params` then.
        """
        return Params(_to_plain(self._to_params()))

    def _to_params(self) -> dict[str, Any]:
        """The arguments of the constructor, and ``type``; may hold other objects with ``to_params``."""
        built_from = getattr(self, "__dict__", {}).get("_construction_params")
        if built_from is not None:
            return built_from
        cls = type(self)
        params = _registered_type(cls)
        by_number, by_name = getattr(self, "__dict__", {}).get("_plain_arguments", ({}, {}))
        for number, (name, parameter) in enumerate(signature_of(cls).parameters.items()):
            given = by_name.get(name, by_number.get(number, parameter.default))
            places = (getattr(self, name, given), getattr(self, f"_{name}", given), given)
            kept = next((value for value in places if _is_writable(value)), parameter.default)
            if kept is not parameter.default:
                params[name] = kept
            elif parameter.required:
                raise ConfigurationError(f"{cls.__name__} does not keep its argument '{name}': no to_params")
        return params


def _registered_type(cls: type) -> dict[str, Any]:
    for base in cls.__mro__:
        for name, entry in REGISTRY.get(base, {}).items():
            if entry.cls is cls and entry.constructor is None:
                return {"type": name}
    return {}


def _to_plain(value: Any) -> Any:
    if isinstance(value, FromParams):
        return value.to_params().as_dict(quiet=True)
    if isinstance(value, Mapping):
        return {key: _to_plain(item) for key, item in value.items()}
    return [_to_plain(item) for item in value] if isinstance(value, list | tuple | set) else value


def _is_plain(value: Any, also: tuple[type, ...] = ()) -> bool:
    """Whether `value` is what a config could say, apart from objects of the classes `also`."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(item, also) for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return all(_is_plain(item, also) for item in value)
    return value is None or isinstance(value, (str, int, float, *also))


def _is_writable(value: Any) -> bool:
    return _is_plain(value, (FromParams,))
