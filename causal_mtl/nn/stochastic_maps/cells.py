"""What μ, σ and deterministic maps are computed with."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class EarlyPredictionCell(nn.Module):
    """PMEI eq. 7, which is *not* `nn.GRUCell`; without biases, as printed.

    z = σ(W_z(h ⊕ y')), u = σ(W_u(h ⊕ y')), ȟ = tanh(W_o((u * h) ⊕ y')), out = (1 − z) * h + z * ȟ.

    Args:
        size: width of h and of the output.
        label_size: width of y'.
    """

    def __init__(self, size: int, label_size: int) -> None:
        super().__init__()
        self.update = nn.Linear(size + label_size, size, bias=False)
        self.reset = nn.Linear(size + label_size, size, bias=False)
        self.output = nn.Linear(size + label_size, size, bias=False)

    def forward(self, states: Tensor, labels: Tensor) -> Tensor:
        """Refine `states`, `(…, size)`, by `labels`, `(…, label_size)`."""
        # h and y' have products of their own, of all gates at once: h ⊕ y' is never copied together.
        size = states.shape[-1]
        gates = torch.cat([self.update.weight, self.reset.weight])
        of_labels = functional.linear(
            labels.to(states.dtype), torch.cat([gates, self.output.weight])[:, size:]
        )
        of_states = functional.linear(states, gates[:, :size])
        update, reset = (of_states + of_labels[..., : 2 * size]).sigmoid().chunk(2, dim=-1)
        of_reset = functional.linear(reset * states, self.output.weight[:, :size])
        candidate = (of_reset + of_labels[..., 2 * size :]).tanh()
        return torch.lerp(states.to(candidate.dtype), candidate, update)


class JointMLP(nn.Module):
    """An MLP with one hidden layer over h ⊕ y'.

    Args:
        size: width of h, of the hidden layer and of the output.
        label_size: width of y'.
    """

    def __init__(self, size: int, label_size: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(size + label_size, size), nn.ReLU(), nn.Linear(size, size))

    def forward(self, states: Tensor, labels: Tensor) -> Tensor:
        """Map `states`, `(…, size)`, and `labels`, `(…, label_size)`, to `(…, size)`."""
        return self.layers(torch.cat([states, labels], dim=-1))
