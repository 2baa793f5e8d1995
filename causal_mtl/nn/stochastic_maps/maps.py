"""PMEI's map and its ablations."""

from __future__ import annotations

from torch import Tensor, nn

from causal_mtl.nn.stochastic_maps.cells import EarlyPredictionCell, JointMLP
from causal_mtl.nn.stochastic_maps.stochastic_map import GaussianMap, Mapped, StochasticMap


@StochasticMap.register("gru")
class GRUMap(GaussianMap):
    """PMEI's map: μ and σ from two cells (eq. 7). Registered as a `StochasticMap` with name "gru"."""

    cell_type = EarlyPredictionCell


@StochasticMap.register("mlp")
class MLPMap(GaussianMap):
    """PMEI without GRU: μ and σ from two MLPs. Registered as a `StochasticMap` with name "mlp"."""

    cell_type = JointMLP


class DeterministicMap(StochasticMap):
    """t = cell(h, y'): nothing is drawn and no information is controlled.

    Args:
        size: filled in: width of h and t.
        label_size: filled in: width of y'; 0 if the map sees no early predictions.
    """

    draws = False

    cell_type: type[nn.Module]

    def __init__(self, size: int, label_size: int) -> None:
        super().__init__()
        self.cell = self.cell_type(size, label_size)

    def forward(self, states: Tensor, labels: Tensor) -> Mapped:
        """What the cell makes of `(batch, tokens, size)` and `(batch, tokens, label_size)`: t, as the former."""
        return Mapped(self.cell(states, labels))


@StochasticMap.register("deterministic_gru")
class DeterministicGRUMap(DeterministicMap):
    """PMEI without stochastic map: t is the cell's output. Registered with name "deterministic_gru"."""

    cell_type = EarlyPredictionCell


@StochasticMap.register("deterministic_mlp")
class DeterministicMLPMap(DeterministicMap):
    """The progressive model of PMEI's figure 1 (B). Registered with name "deterministic_mlp"."""

    cell_type = JointMLP


@StochasticMap.register("identity")
class IdentityMap(StochasticMap):
    """t = h: early predictions are learned but not used. Registered with name "identity"."""

    draws = False

    def __init__(self, size: int, label_size: int) -> None:
        super().__init__()

    def forward(self, states: Tensor, labels: Tensor) -> Mapped:
        """`states` as they are, `(batch, tokens, size)`."""
        return Mapped(states)
