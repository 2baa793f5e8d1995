"""The base of what a task hands on of its label in evaluation and prediction."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from causal_mtl.common import Registrable
from causal_mtl.nn.inference.distribution import Branches, Distribution
from causal_mtl.nn.inference.noise import Noise


class Inference(Registrable):
    """How a task's prediction becomes what later tasks are given, when a model is not trained."""

    default_implementation = "most_likely"

    averages: ClassVar[bool] = False
    """Whether later tasks are predicted for several labels, and their probabilities averaged."""
    seed: int = 0

    def draws_from(self, distribution: Distribution) -> bool:
        """Whether `branch` draws labels. If no labels were drawn before, it must be given all worlds then."""
        return False

    @abstractmethod
    def branch(self, distribution: Distribution, noise: Noise) -> Branches:
        """What is handed on.

        Args:
            distribution: of the label.
            noise: for draws.
        """
        raise NotImplementedError
