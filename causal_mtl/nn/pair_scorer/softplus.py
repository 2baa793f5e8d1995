"""Σ softplus(z) and σ(z) from one exponential."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from causal_mtl.nn.wide import wide_type

_FACTORS = 4
"""So many scores share one logarithm, which takes several times as long as an exponential."""


def sum_of_softplus(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Σ log(1 + eᶻ), exact to rounding for scores of any size, -inf too.

    Args:
        logits: z, of any shape but an empty one.

    Returns:
        The sum, `()`, and eᶻ, of the shape of `logits`, both in at least 32 bits. For very large z it is capped,
        which changes neither σ(z) nor the sum in this precision.
    """
    dtype = wide_type(logits)
    cap = _cap(dtype)
    capped = bool(logits.amax() > cap)
    exponentials = (logits.to(dtype).clamp(max=cap) if capped else logits.to(dtype)).exp()
    total = _sum_of_log1p(exponentials.flatten())
    if capped:
        total = total + functional.relu(logits.to(dtype) - cap).sum()
    return total, exponentials


def sigmoid_of(exponentials: Tensor) -> Tensor:
    """σ(z) = eᶻ / (1 + eᶻ) of the eᶻ that `sum_of_softplus` returned, which it overwrites."""
    return exponentials.div_(exponentials + 1)


def _cap(dtype: torch.dtype) -> int:
    """The largest z of which `_FACTORS` exponentials can be multiplied: 22 in single precision."""
    return int(math.log(torch.finfo(dtype).max) / _FACTORS)


def _sum_of_log1p(values: Tensor) -> Tensor:
    """Σ log(1 + x) of `values`, `(values,)`."""
    together, rest = values.split([len(values) - len(values) % _FACTORS, len(values) % _FACTORS])
    while len(together) > len(values) // _FACTORS:
        together = _product(*together.view(2, len(together) // 2))
    return together.log1p().sum() + rest.log1p().sum()


def _product(one: Tensor, other: Tensor) -> Tensor:
    """1 + c = (1 + a)(1 + b), of which c = a + b + ab: unlike the product it loses no small a or b."""
    return torch.addcmul(one, one, other).add_(other)
