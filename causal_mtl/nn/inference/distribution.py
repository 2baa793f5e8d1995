"""What inference reads and hands on: a label's distribution in some worlds, and the worlds that come of it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


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
        log_weights: of each world, `(worlds, batch)`; their exponentials may have any sum.
        total: how many worlds there are; those of `logits` may be some of them.
        first: the number of the first of those.
        listed: whether all worlds so far were listed, and none drawn.
    """

    name: str
    logits: Tensor
    exclusive: bool
    mask: Tensor
    of_texts: bool
    log_weights: Tensor
    total: int = 1
    first: int = 0
    listed: bool = True


@dataclass(frozen=True)
class Branches:
    """What is handed on: each world goes on as one world, or as several.

    Attributes:
        labels: `(branches, batch, positions, labels)`.
        log_shares: log of the share that each branch has of its world, `(branches, batch)`; None: each world has
            one branch.
        drawn: whether the branches were drawn, and are not all that there are.
        worlds: the world that each branch goes on from, `(branches, batch)`: one world in any number; None: in the
            same number each, which stand together, in the order of worlds.
    """

    labels: Tensor
    log_shares: Tensor | None = None
    drawn: bool = False
    worlds: Tensor | None = None
