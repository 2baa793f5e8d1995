"""Averages of the weights over training steps, which often score better than the last weights."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from causal_mtl.common import Probability, Registrable


class MovingAverage(Registrable):
    """Base of weight averages. Evaluation and the final model use the averaged weights, training its own.

    A subclass says in `weight_of_new` how much the newest weights count.
    """

    default_implementation = "exponential"

    def __init__(self) -> None:
        self._parameters: dict[str, nn.Parameter] = {}
        self._averages: dict[str, Tensor] = {}
        self._updates = 0

    def start(self, model: nn.Module) -> None:
        """Begin anew with the trainable weights of `model` as the average."""
        self._parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self._averages = {name: p.detach().clone() for name, p in self._parameters.items()}
        self._updates = 0

    @abstractmethod
    def weight_of_new(self, update: int) -> float:
        """How much the newest weights count in update number `update` (from 1)."""
        raise NotImplementedError

    @torch.no_grad()
    def update(self) -> None:
        """Take the present weights into the average; call once after each optimizer step."""
        self._updates += 1
        weight = self.weight_of_new(self._updates)
        for name, parameter in self._parameters.items():
            self._averages[name].lerp_(parameter, weight)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within this context the model has the averaged weights; afterwards its own again."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def copy_to_model(self) -> None:
        """Give the model the averaged weights for good."""
        for name, parameter in self._parameters.items():
            parameter.copy_(self._averages[name])

    @torch.no_grad()
    def _swap(self) -> None:
        for name, parameter in self._parameters.items():
            own = parameter.clone()
            parameter.copy_(self._averages[name])
            self._averages[name].copy_(own)

    def state_dict(self) -> dict[str, Any]:
        """The averages by parameter name, and how many updates they hold."""
        return {"averages": self._averages, "updates": self._updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned, into the model given to `start`."""
        for name, average in self._averages.items():
            average.copy_(state["averages"][name])
        self._updates = state["updates"]


@MovingAverage.register("exponential")
class ExponentialMovingAverage(MovingAverage):
    """``average = d * average + (1 - d) * weights`` after each step. Registered as "exponential".

    Args:
        decay: d.
        warmup: early on use the smaller d = (1 + step) / (10 + step), so that the first, bad weights fade
            soon.
    """

    def __init__(self, decay: Probability = 0.999, warmup: bool = True) -> None:
        super().__init__()
        self.decay = decay
        self.warmup = warmup

    def weight_of_new(self, update: int) -> float:
        """1 - d, with the smaller d of the warm-up where that applies."""
        decay = min(self.decay, (1 + update) / (10 + update)) if self.warmup else self.decay
        return 1.0 - decay
