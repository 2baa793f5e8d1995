"""Nested Python values to JSON and safetensors and back, exactly; nothing is ever unpickled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from torch import Tensor


def pack(value: Any) -> tuple[Any, dict[str, Tensor]]:
    """Split `value` into what JSON can hold and the tensors within it.

    Understands None, bool, int, float, str, list, tuple, dict with keys of any of these, Counter and Tensor,
    nested at will; anything else raises `TypeError`.
    """
    tensors: dict[str, Tensor] = {}

    def walk(item: Any) -> Any:
        if item is None or isinstance(item, (bool, int, float, str)):
            return item
        if isinstance(item, Tensor):
            name = str(len(tensors))
            tensors[name] = item.detach().to("cpu", copy=True).contiguous()
            return {"tensor": name}
        if isinstance(item, (list, tuple)):
            return {type(item).__name__: [walk(part) for part in item]}
        if isinstance(item, Mapping):
            kind = "counter" if isinstance(item, Counter) else "dict"
            return {kind: [[walk(key), walk(part)] for key, part in item.items()]}
        raise TypeError(f"cannot be saved in a checkpoint: {type(item).__name__}")

    return walk(value), tensors


def unpack(packed: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The value that `pack` split."""
    if not isinstance(packed, dict):
        return packed
    ((kind, content),) = packed.items()
    if kind == "tensor":
        return tensors[content]
    if kind in ("list", "tuple"):
        items = [unpack(item, tensors) for item in content]
        return items if kind == "list" else tuple(items)
    pairs = {unpack(key, tensors): unpack(item, tensors) for key, item in content}
    return Counter(pairs) if kind == "counter" else pairs
