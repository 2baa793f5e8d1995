"""The base of maps from a state and early predictions to a task's own representation."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from causal_mtl.common import PositiveInt, Registrable
from causal_mtl.nn.wide import widened

SMALLEST_DEVIATION = 1e-6


class Information(NamedTuple):
    """What a map lets through of h and y', and how sharply."""

    kl: Tensor
    """KL(p(t | h, y') ‖ r(t | y')) summed over dimensions, `(batch, tokens)`."""
    deviation: Tensor
    """σ of p, `(batch, tokens, size)`."""


@dataclass(frozen=True)
class Mapped:
    """A task's representation, `(batch, tokens, size)`, and where it was drawn from."""

    value: Tensor
    information: Callable[[], Information] | None = None
    """None if nothing is drawn. It is computed when it is called: prediction, which takes μ, has no use for it."""


class StochasticMap(nn.Module, Registrable):
    """Maps shared states h and early predictions y' to a task's representation t (PMEI eq. 5–7).

    Args:
        size: filled in: width of h and t.
        label_size: filled in: width of y'; 0 if the map sees no early predictions.
    """

    default_implementation = "gru"

    draws: ClassVar[bool] = True
    """Whether t is drawn from a distribution; without one there is no KL."""

    @abstractmethod
    def forward(self, states: Tensor, labels: Tensor) -> Mapped:
        """Map `states`, `(batch, tokens, size)`, and `labels`, `(batch, tokens, label_size)`."""
        raise NotImplementedError


def draws(kind: Any) -> bool:
    """Whether a map of this class (None: there is no map) draws anything."""
    return kind is not None and getattr(kind, "draws", True)


class GaussianMap(StochasticMap):
    """t ~ N(μ, σ²) with μ and σ of h and y', held against a prior of y' alone.

    The prior r(t | y') is two MLPs over y'; without y' it is N(0, I). In evaluation t = μ. σ is
    softplus(· + `deviation_offset`) + 1e-6: softplus(0) = 0.69 would be as large as states, which are below 1.

    Args:
        size: filled in: width of h and t.
        label_size: filled in: width of y'.
        deviation_offset: added before softplus makes σ of p. A GRU cell's output is at most max(1, |h|), so there
            it bounds σ: −3 by 0.127 if |h| < 1, by 0.31 if dropout of 0.5 doubles h, not at all if h has no bound.
        prior_deviation_offset: the same of r, which draws nothing and so adds no noise.
        prior_hidden_size: inner width of the prior's MLPs.
    """

    cell_type: type[nn.Module]
    """Makes of h and y' the μ, and another one the σ before softplus: `cell_type(size, label_size)`."""

    def __init__(
        self,
        size: int,
        label_size: int,
        deviation_offset: float = -3.0,
        prior_deviation_offset: float = 0.0,
        prior_hidden_size: PositiveInt = 100,
    ) -> None:
        super().__init__()
        self.mean, self.deviation = self.cell_type(size, label_size), self.cell_type(size, label_size)
        self.deviation_offset = deviation_offset
        self.prior_deviation_offset = prior_deviation_offset
        self.prior_mean = _mlp(label_size, prior_hidden_size, size) if label_size else None
        self.prior_deviation = _mlp(label_size, prior_hidden_size, size) if label_size else None

    def forward(self, states: Tensor, labels: Tensor) -> Mapped:
        """Draw t in training, take μ in evaluation, `(batch, tokens, size)` both; the KL is `(batch, tokens)`."""
        mean = self.mean(states, labels)

        @cache
        def deviation() -> Tensor:
            return _positive(self.deviation(states, labels), self.deviation_offset)

        def information() -> Information:
            return Information(self._kl(mean, deviation(), labels), deviation())

        value = mean + deviation() * torch.randn_like(mean) if self.training else mean
        return Mapped(value, information)

    def _kl(self, mean: Tensor, deviation: Tensor, labels: Tensor) -> Tensor:
        """Closed form: (q² + d² − 1) / 2 − log q with q = σ_p/σ_r, d = (μ_p − μ_r)/σ_r, summed over dimensions."""
        if self.prior_mean is None or self.prior_deviation is None:
            ratio, distance = deviation, widened(mean)
        else:
            prior_deviation = _positive(self.prior_deviation(labels), self.prior_deviation_offset)
            ratio = deviation / prior_deviation
            distance = (widened(mean) - widened(self.prior_mean(labels))) / prior_deviation
        return (ratio.square() + distance.square() - 1).sum(dim=-1) / 2 - ratio.log().sum(dim=-1)


def _mlp(input_size: int, hidden_size: int, output_size: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(input_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, output_size))


def _positive(raw: Tensor, offset: float) -> Tensor:
    return nn.functional.softplus(widened(raw) + offset) + SMALLEST_DEVIATION
