"""A configuration as nested dictionaries and lists that know their key path."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterator, MutableMapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from causal_mtl.common.errors import ConfigurationError, ConfigurationErrors, Problem, required
from causal_mtl.common.overrides import infer_and_cast, with_overrides
from causal_mtl.common.text import join, suggestion

logger = logging.getLogger(__name__)

_TOP_LEVEL_ORDER = (
    "dataset_reader",
    "validation_dataset_reader",
    "train_data_path",
    "validation_data_path",
    "test_data_path",
    "vocabulary",
    "model",
    "data_loader",
    "trainer",
    "random_seed",
)


class Params(MutableMapping):
    """A mapping read from a config. Nested mappings come out as `Params` that share the same storage.

    Args:
        params: the values; copied, and the string ``"None"`` becomes None, as in AllenNLP.
        history: the key path of this mapping, with a final dot (``"model.encoder."``); errors start with it.

    Attributes:
        environment: the names of the environment's variables that were read to make it.
    """

    DEFAULT: Any = object()

    def __init__(self, params: MutableMapping[str, Any] | dict[str, Any], history: str = "") -> None:
        self.params: dict[str, Any] = _plain(params)
        self.history = history
        self.environment: frozenset[str] = getattr(params, "environment", frozenset())

    @classmethod
    def from_file(
        cls,
        params_file: str | PathLike,
        params_overrides: str | dict[str, Any] | None = "",
        ext_vars: dict[str, str] | None = None,
    ) -> Params:
        """Read a jsonnet or JSON file.

        Args:
            params_file: the file (or an URL); what it imports is looked up relative to it.
            params_overrides: jsonnet text or a dictionary; see `with_overrides`.
            ext_vars: external variables; they win over the environment's, which are always there.

        Raises:
            ConfigurationError: the file cannot be evaluated, or an override matches nothing.
            FileNotFoundError: there is no such file.
        """
        from causal_mtl.common.jsonnet import evaluate_file, evaluate_text

        used: set[str] = set()
        values = evaluate_file(params_file, ext_vars, used)
        overrides = params_overrides or {}
        if isinstance(overrides, str):
            overrides = evaluate_text(overrides, ext_vars, "overrides", used)
        if not isinstance(values, dict) or not isinstance(overrides, dict):
            what = f"{params_file}" if not isinstance(values, dict) else "overrides"
            raise ConfigurationError(f"{what}: expected an object at the top")
        params = cls(with_overrides(values, overrides))
        params.environment = frozenset(used)
        return params

    def pop(self, key: str, default: Any = DEFAULT, keep_as_dict: bool = False) -> Any:
        """Remove and return a value; a missing key without `default` raises `ConfigurationError`."""
        if key not in self.params and default is self.DEFAULT:
            raise ConfigurationErrors([Problem(self._path(key), required(key))])
        value = self.params.pop(key, default)
        return value if keep_as_dict else self._wrap(self._path(key), value)

    def pop_int(self, key: str, default: Any = DEFAULT) -> int | None:
        """`pop`, then ``int(value)``; None stays None."""
        return self._pop_as(key, default, int)

    def pop_float(self, key: str, default: Any = DEFAULT) -> float | None:
        """`pop`, then ``float(value)``; None stays None."""
        return self._pop_as(key, default, float)

    def pop_bool(self, key: str, default: Any = DEFAULT) -> bool | None:
        """`pop`, taking the strings "true" and "false" as well; None stays None."""
        return self._pop_as(key, default, _to_bool)

    def pop_choice(
        self,
        key: str,
        choices: Sequence[Any],
        default_to_first_choice: bool = False,
        allow_class_names: bool = True,
    ) -> Any:
        """`pop` a value that must be one of `choices`, or a dotted class path where those are allowed."""
        value = self.pop(key, choices[0] if default_to_first_choice else self.DEFAULT)
        if value in choices or (allow_class_names and isinstance(value, str) and "." in value):
            return value
        near = suggestion(str(value), map(str, choices))
        message = f"{value!r} is not an acceptable choice{near} (choices: {', '.join(map(str, choices))})"
        raise ConfigurationErrors([Problem(self._path(key), message)])

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key` without removing it, or `default`."""
        return self._wrap(self._path(key), self.params.get(key, default))

    def duplicate(self) -> Params:
        """A deep copy."""
        return copy.deepcopy(self)

    def as_dict(self, quiet: bool = False, infer_type_and_cast: bool = False) -> dict[str, Any]:
        """The plain dictionary (not a copy, unless cast); logged unless `quiet`."""
        values = infer_and_cast(self.params) if infer_type_and_cast else self.params
        if not quiet:
            for key, value in self.as_flat_dict().items():
                logger.info("%s%s = %s", self.history, key, value)
        return values

    def as_flat_dict(self) -> dict[str, Any]:
        """One level, with dotted keys; lists stay whole."""
        flat: dict[str, Any] = {}
        for key, value in self.params.items():
            if isinstance(value, dict):
                flat.update({f"{key}.{below}": leaf for below, leaf in Params(value).as_flat_dict().items()})
            else:
                flat[key] = value
        return flat

    def as_ordered_dict(self, preference_orders: list[list[str]] | None = None) -> dict[str, Any]:
        """A copy with sorted keys, the preferred ones first.

        Args:
            preference_orders: lists of keys, each sorting before all others; by default the top-level keys of
                an experiment, then ``type``.
        """
        orders: Sequence[Sequence[str]] = preference_orders or [_TOP_LEVEL_ORDER, ["type"]]

        def rank(key: str) -> tuple:
            return (*(order.index(key) if key in order else len(order) for order in orders), key)

        def ordered(value: Any) -> Any:
            if isinstance(value, dict):
                return {key: ordered(value[key]) for key in sorted(value, key=rank)}
            return [ordered(item) for item in value] if isinstance(value, list) else value

        return ordered(self.params)

    def to_file(self, params_file: str | PathLike, preference_orders: list[list[str]] | None = None) -> None:
        """Write indented JSON, in the order of `as_ordered_dict`.

        Raises:
            ConfigurationError: a number is NaN or infinite, which JSON has not.
        """
        ordered = self.as_ordered_dict(preference_orders)
        try:
            text = json.dumps(ordered, indent=4, ensure_ascii=False, default=str, allow_nan=False)
        except ValueError as error:
            raise ConfigurationError(
                f"{params_file}: the config cannot be written as JSON: {error}"
            ) from None
        Path(params_file).write_text(text + "\n", encoding="utf-8")

    def assert_empty(self, class_name: str) -> None:
        """Raise `ConfigurationError` naming every key that was not popped."""
        if self.params:
            message = f"unknown key for {class_name}"
            raise ConfigurationErrors([Problem(self._path(key), message) for key in self.params])

    def with_overrides(self, overrides: dict[str, Any]) -> Params:
        """A copy with `overrides` applied; see `causal_mtl.common.with_overrides`."""
        changed = Params(with_overrides(self.params, overrides), self.history)
        changed.environment = self.environment
        return changed

    def _pop_as(self, key: str, default: Any, convert: Any) -> Any:
        value = self.pop(key, default)
        try:
            return None if value is None else convert(value)
        except (ValueError, TypeError) as error:
            message = f"cannot read {value!r} as {convert.__name__.removeprefix('_to_')}"
            raise ConfigurationErrors([Problem(self._path(key), message)]) from error

    def _path(self, key: str) -> str:
        return join(self.history.removesuffix("."), key)

    def _wrap(self, path: str, value: Any) -> Any:
        if isinstance(value, dict):
            nested = Params({}, f"{path}.")
            nested.params = value  # shared: what is popped from the part is gone from the whole
            return nested
        if isinstance(value, list):
            return [self._wrap(join(path, index), item) for index, item in enumerate(value)]
        return value

    def __getitem__(self, key: str) -> Any:
        return self._wrap(self._path(key), self.params[key])

    def __setitem__(self, key: str, value: Any) -> None:
        self.params[key] = value.params if isinstance(value, Params) else value

    def __delitem__(self, key: str) -> None:
        del self.params[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.params)

    def __len__(self) -> int:
        return len(self.params)

    def __repr__(self) -> str:
        return f"{self.history}Params({self.params})"


def _plain(value: Any) -> Any:
    if isinstance(value, Params | dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, str) and value == "None" else value


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise ValueError(value)
