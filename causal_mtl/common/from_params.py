"""Objects made from a configuration by reading their constructor's annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from causal_mtl.common.errors import ConfigurationError
from causal_mtl.common.params import Params
from causal_mtl.common.registry import REGISTRY
from causal_mtl.common.resolve import construct_from_params
from causal_mtl.common.signature import signature_of


class FromParams:
    """Gives a class ``from_params`` and ``to_params``.

    The constructor's annotations say what a config may give; see ``docs/config.md``. A subclass with needs of
    its own overrides ``from_params(cls, params: Params, **extras)``.
    """

    from_params = classmethod(construct_from_params)

    def to_params(self) -> Params:
        """The `Params` from which ``from_params`` makes an object like this one.

        Raises:
            ConfigurationError: the object was made by hand and does not keep a constructor argument as an
                attribute of the same name (or with ``_`` before it); override `_to_params` then.
        """
        return Params(_to_plain(self._to_params()))

    def _to_params(self) -> dict[str, Any]:
        """The arguments of the constructor, and ``type``; may hold other objects with ``to_params``."""
        built_from = getattr(self, "__dict__", {}).get("_construction_params")
        if built_from is not None:
            return built_from
        cls = type(self)
        params = _registered_type(cls)
        for name, parameter in signature_of(cls).parameters.items():
            kept = getattr(self, name, getattr(self, f"_{name}", parameter.default))
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
