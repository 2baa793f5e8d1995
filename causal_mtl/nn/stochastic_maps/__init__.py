"""Stochastic maps: from shared states and early predictions to a task's own representation."""

from causal_mtl.nn.stochastic_maps.maps import (
    DeterministicGRUMap,
    DeterministicMLPMap,
    GRUMap,
    IdentityMap,
    MLPMap,
)
from causal_mtl.nn.stochastic_maps.stochastic_map import (
    GaussianMap,
    Information,
    Mapped,
    StochasticMap,
    draws,
)

__all__ = [
    "DeterministicGRUMap",
    "DeterministicMLPMap",
    "GRUMap",
    "GaussianMap",
    "IdentityMap",
    "Information",
    "MLPMap",
    "Mapped",
    "StochasticMap",
    "draws",
]
