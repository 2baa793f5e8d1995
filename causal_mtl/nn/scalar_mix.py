"""The learned mean of a transformer's layers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from causal_mtl.nn.wide import widened


class ScalarMix(nn.Module):
    """γ Σ softmax(w)_l h_l over the layers (Peters et al. 2018); it starts at their mean.

    Args:
        layers: how many; a single one is handed on as it is.
    """

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(layers)) if layers > 1 else None
        self.scale = nn.Parameter(torch.ones(())) if layers > 1 else None

    def forward(self, features: Tensor) -> Tensor:
        """From `(batch, tokens, layers, size)` to `(batch, tokens, size)`, in single precision at least."""
        if self.weights is None or self.scale is None:
            return widened(features.squeeze(-2))
        weights = self.scale * self.weights.softmax(0)
        if features.requires_grad:
            return torch.einsum("btld,l->btd", widened(features), weights)
        mixed: Tensor = _Mix.apply(features, weights)
        return mixed


class _Mix(torch.autograd.Function):
    """Σ w_l h_l of features without gradient, layer by layer: half precision is never widened as a whole."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weights: Tensor) -> Tensor:
        ctx.save_for_backward(features)
        first, *others = weights.tolist()
        mixed = widened(features[..., 0, :]) * first
        for layer, weight in enumerate(others, start=1):
            mixed.add_(widened(features[..., layer, :]), alpha=weight)
        return mixed

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor]:
        (features,) = ctx.saved_tensors
        flat = gradient.flatten()
        return None, torch.stack([flat.dot(widened(layer).flatten()) for layer in features.unbind(dim=-2)])
