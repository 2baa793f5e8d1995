"""Sampling with a gradient: CMTL eq. 8–9."""

from __future__ import annotations

import torch
from torch import Tensor

from causal_mtl.common import PositiveFloat
from causal_mtl.nn.label_samplers.label_sampler import Gold, LabelSampler
from causal_mtl.nn.schedules import Constant, Schedule
from causal_mtl.nn.wide import widened


@LabelSampler.register("gumbel")
class GumbelSampler(LabelSampler):
    """ỹ = softmax((o + g) / τ) with g ~ Gumbel(0, 1). Registered as a `LabelSampler` with name "gumbel".

    For labels that do not exclude each other the binary form: σ((o + g₁ − g₀) / τ).

    Args:
        temperature: τ, a number or a `Schedule` over epochs.
        straight_through: hand on the hard label that was sampled, with the gradient of the soft one.
    """

    def __init__(self, temperature: PositiveFloat | Schedule = 0.05, straight_through: bool = False) -> None:
        super().__init__()
        self.schedule = temperature if isinstance(temperature, Schedule) else Constant(temperature)
        self.temperature = self.schedule.at(1)
        self.straight_through = straight_through

    def watched(self) -> dict[str, float]:
        """The temperature in use."""
        return {"temperature": self.temperature}

    def begin_epoch(self, epoch: int) -> None:
        """Follow the schedule."""
        self.temperature = self.schedule.at(epoch)

    def sample(self, logits: Tensor, exclusive: bool, gold: Gold) -> Tensor:
        """A relaxed sample of each label, `(batch, positions, labels)`, in single precision at least."""
        logits = widened(logits)
        if exclusive:
            noisy = (logits + gumbel_noise(logits)) / self.temperature
            soft = noisy.softmax(dim=-1)
            hard = torch.zeros_like(soft).scatter_(-1, soft.argmax(dim=-1, keepdim=True), 1.0)
        else:
            noisy = (logits + gumbel_noise(logits) - gumbel_noise(logits)) / self.temperature
            soft = noisy.sigmoid()
            hard = (noisy > 0).to(soft.dtype)
        return hard + (soft - soft.detach()) if self.straight_through else soft


def gumbel_noise(like: Tensor) -> Tensor:
    """−log E with E ~ Exp(1), which is Gumbel(0, 1), of the shape of `like`."""
    return -torch.empty_like(like).exponential_().clamp_(min=torch.finfo(like.dtype).tiny).log_()
