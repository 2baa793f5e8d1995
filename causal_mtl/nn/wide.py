"""Single precision at least, for what half precision would round away."""

from __future__ import annotations

import torch
from torch import Tensor


def wide_type(tensor: Tensor) -> torch.dtype:
    """The type of a tensor, or float32 if it has fewer than 32 bits."""
    return torch.promote_types(tensor.dtype, torch.float32)


def widened(tensor: Tensor) -> Tensor:
    """A tensor in its `wide_type`."""
    return tensor.to(wide_type(tensor))
