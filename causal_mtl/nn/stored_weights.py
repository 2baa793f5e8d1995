"""Weights in a file that may be a stranger's: what it declares, and whether its numbers are finite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch.overrides import TorchFunctionMode

from causal_mtl.common import ConfigurationError

_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_RANDOM = {
    *("normal_", "uniform_", "trunc_normal_", "orthogonal_", "bernoulli_", "exponential_"),
    *("kaiming_normal_", "kaiming_uniform_", "xavier_normal_", "xavier_uniform_"),
}
_SHOWN = 3


class WithoutRandomness(TorchFunctionMode):
    """Leaves out what fills tensors at random, for modules whose weights come from a file.

    (On the meta device torch would import its compiler for this, which takes a second and 70 MB.)
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call `func`, unless it draws numbers into its first argument."""
        if getattr(func, "__name__", "") in _RANDOM and (args or kwargs):
            return args[0] if args else next(iter((kwargs or {}).values()))
        return func(*args, **(kwargs or {}))


def declared(file: Path) -> dict[str, Tensor]:
    """Tensors without memory, of the names, shapes and types that a safetensors `file` has.

    Raises:
        ConfigurationError: the file is damaged, or has a type that no model has.
    """
    found = {}
    try:
        with safe_open(file, framework="pt") as weights:
            for name in weights.keys():  # noqa: SIM118 - it is no dictionary
                part = weights.get_slice(name)
                dtype = _TYPES.get(part.get_dtype())
                if dtype is None:
                    raise ConfigurationError(f"{file.name}: {name}: of type {part.get_dtype()}")
                found[name] = torch.empty(part.get_shape(), dtype=dtype, device="meta")
    except (SafetensorError, RuntimeError, OSError, ValueError, OverflowError, TypeError) as error:
        raise ConfigurationError(f"{file.name}: damaged: {error}") from error
    return found


def check_finite(weights: Mapping[str, Tensor], file: str) -> None:
    """Refuse weights with NaN or infinite values.

    Raises:
        ConfigurationError: names the first of them.
    """
    bad = [name for name, value in weights.items() if not torch.isfinite(value).all()]
    if bad:
        raise ConfigurationError(f"{file}: not finite: {listed(bad)}")


def listed(items: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = f"; and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return "; ".join(items[:_SHOWN]) + more


def shape_text(shape: tuple) -> str:
    """A shape as people write it."""
    return " x ".join(map(str, shape)) or "a single number"
