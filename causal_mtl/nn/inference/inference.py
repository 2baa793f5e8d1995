"""The base of what a task hands on of its label in evaluation and prediction."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from causal_mtl.common import Registrable
from causal_mtl.nn.inference.noise import Noise


@dataclass(frozen=True)
class Distribution:
    """The distribution of one task's label in each of some worlds.

    A world is one possible choice of the labels of earlier tasks.

    Attributes:
        name: of the task.
        logits: `(worlds, batch, positions, labels)`.
        exclusive: whether exactly one label holds at a position.
        mask: True at real positions, `(batch, positions)`.
        of_texts: whether the label holds of a whole text, so that there is one position.
        total: how many worlds there are; those of `logits` may be some of them.
        first: the number of the first of those.
        listed: whether all worlds so far were listed, and none drawn.
    """

    name: str
    logits: Tensor
    exclusive: bool
    mask: Tensor
    of_texts: bool
    total: int = 1
    first: int = 0
    listed: bool = True


@dataclass(frozen=True)
class Branches:
    """What is handed on: each world goes on as one world, or as several.

    Attributes:
        labels: `(branches, batch, positions, labels)`; those of one world stand together, in the order of worlds.
        log_shares: log of the share that each branch has of its world, `(branches, batch)`; None: each world has
            one branch.
        drawn: whether the branches were drawn, and are not all that there are.
    """

    labels: Tensor
    log_shares: Tensor | None = None
    drawn: bool = False


class Inference(Registrable):
    """How a task's prediction becomes what later tasks are given, when a model is not trained."""

    default_implementation = "most_likely"

    averages: ClassVar[bool] = False
    """Whether later tasks are predicted for several labels, and their probabilities averaged."""
    seed: int = 0

    @abstractmethod
    def branch(self, distribution: Distribution, noise: Noise) -> Branches:
        """What is handed on.

        Args:
            distribution: of the label.
            noise: for draws.
        """
        raise NotImplementedError
