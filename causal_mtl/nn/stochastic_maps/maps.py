"""PMEI's map and its ablations."""

from __future__ import annotations

from torch import Tensor

from causal_mtl.common import PositiveInt
from causal_mtl.nn.stochastic_maps.cells import EarlyPredictionCell, JointMLP
from causal_mtl.nn.stochastic_maps.stochastic_map import GaussianMap, Mapped, StochasticMap


@StochasticMap.register("gru")
class GRUMap(GaussianMap):
    """PMEI's map: μ and σ from two cells (eq. 7). Registered as a `StochasticMap` with name "gru".

    Args:
        size: filled in.
        label_size: filled in.
        deviation_offset: added before softplus makes σ.
        prior_hidden_size: inner width of the prior's MLPs.
    """

    def __init__(
        self, size: int, label_size: int, deviation_offset: float = -3.0, prior_hidden_size: PositiveInt = 100
    ) -> None:
        mean, deviation = EarlyPredictionCell(size, label_size), EarlyPredictionCell(size, label_size)
        super().__init__(size, label_size, mean, deviation, deviation_offset, prior_hidden_size)


@StochasticMap.register("mlp")
class MLPMap(GaussianMap):
    """PMEI without GRU: μ and σ from two MLPs. Registered as a `StochasticMap` with name "mlp".

    Args:
        size: filled in.
        label_size: filled in.
        deviation_offset: added before softplus makes σ.
        prior_hidden_size: inner width of the prior's MLPs.
    """

    def __init__(
        self, size: int, label_size: int, deviation_offset: float = -3.0, prior_hidden_size: PositiveInt = 100
    ) -> None:
        mean, deviation = JointMLP(size, label_size), JointMLP(size, label_size)
        super().__init__(size, label_size, mean, deviation, deviation_offset, prior_hidden_size)


@StochasticMap.register("deterministic_gru")
class DeterministicGRUMap(StochasticMap):
    """PMEI without stochastic map: t is the cell's output. Registered with name "deterministic_gru"."""

    def __init__(self, size: int, label_size: int) -> None:
        super().__init__()
        self.cell = EarlyPredictionCell(size, label_size)

    def forward(self, states: Tensor, labels: Tensor) -> Mapped:
        """Apply the cell."""
        return Mapped(self.cell(states, labels), None, None)


@StochasticMap.register("deterministic_mlp")
class DeterministicMLPMap(StochasticMap):
    """The progressive model of PMEI's figure 1 (B). Registered with name "deterministic_mlp"."""

    def __init__(self, size: int, label_size: int) -> None:
        super().__init__()
        self.mlp = JointMLP(size, label_size)

    def forward(self, states: Tensor, labels: Tensor) -> Mapped:
        """Apply the MLP."""
        return Mapped(self.mlp(states, labels), None, None)


@StochasticMap.register("identity")
class IdentityMap(StochasticMap):
    """t = h: early predictions are learned but not used. Registered with name "identity"."""

    def __init__(self, size: int, label_size: int) -> None:
        super().__init__()

    def forward(self, states: Tensor, labels: Tensor) -> Mapped:
        """Return `states`."""
        return Mapped(states, None, None)
