"""A learned mean of layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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
        """From `(batch, tokens, layers, size)` to `(batch, tokens, size)`."""
        if self.weights is None or self.scale is None:
            return features.squeeze(-2)
        return self.scale * torch.einsum("btld,l->btd", features, self.weights.softmax(0))
