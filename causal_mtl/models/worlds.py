"""A batch for several labels of its earlier tasks at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from causal_mtl.models.paths import PATHS, Path
from causal_mtl.nn.architectures import Architecture
from causal_mtl.nn.inference import Branches
from causal_mtl.tasks import Task

MAX_POSITIONS = 1 << 15
"""States that are computed together: of so many tokens (or texts, at the level of texts) in all worlds."""


@dataclass(frozen=True)
class Worlds:
    """Some worlds, each one choice of the labels of earlier tasks, on their way through the tasks.

    Rows are worlds × texts, world by world.

    Attributes:
        mask: True where there are states, `(batch, positions)`.
        carried: of the architecture, by rows.
        log_weights: of each world, `(worlds, batch)`: log p(its labels | X).
        handed_on: the labels that tasks have handed on along each path, `(rows, positions, labels)`.
        total: how many worlds there are; these may be some of them.
        first: the number of the first of these.
        listed: whether all worlds were listed, and none drawn.
    """

    mask: Tensor
    carried: Any
    log_weights: Tensor
    handed_on: dict[Path, dict[str, Tensor]] = field(default_factory=lambda: {path: {} for path in PATHS})
    total: int = 1
    first: int = 0
    listed: bool = True

    def __len__(self) -> int:
        return len(self.log_weights)

    @property
    def rows_mask(self) -> Tensor:
        """`mask` of each row, `(rows, positions)`."""
        return self.mask.repeat(len(self), 1) if len(self) > 1 else self.mask

    def of_each(self, rows: Tensor) -> list[Tensor]:
        """One `(batch, …)` per world from `(rows, …)`."""
        return list(rows.unflatten(0, (len(self), -1)))

    def branched(self, branches: Branches, architecture: Architecture) -> Worlds:
        """Each world once for each of its branches; what they hand on is not set yet."""
        if branches.log_shares is None:
            return self
        times = len(branches.labels) // len(self)
        chosen, total, first = branches.worlds, len(branches.labels), 0
        if chosen is None:
            chosen = torch.arange(len(self), device=self.mask.device).repeat_interleave(times).unsqueeze(1)
            total, first = self.total * times, self.first * times
        new = self._chosen(chosen, architecture)
        return replace(
            new,
            log_weights=new.log_weights + branches.log_shares,
            total=total,
            first=first,
            listed=self.listed and not branches.drawn,
        )

    def reweighed(self, log_factors: Tensor) -> Worlds:
        """Each world with its weight times a factor, `(worlds, batch)`."""
        return replace(self, log_weights=self.log_weights + log_factors)

    def parts(self, architecture: Architecture) -> Iterator[Worlds]:
        """These worlds, some at a time, so that memory has a bound."""
        size = max(1, MAX_POSITIONS // self.mask.numel())
        if len(self) <= size:
            yield self
            return
        for start in range(0, len(self), size):
            chosen = torch.arange(start, min(len(self), start + size), device=self.mask.device).unsqueeze(1)
            yield replace(self._chosen(chosen, architecture), first=self.first + start)

    @staticmethod
    def joined(parts: Sequence[Worlds], architecture: Architecture) -> Worlds:
        """All worlds, from the parts in which they went through some tasks."""
        one = parts[0]
        handed_on = {
            path: {task: torch.cat([part.handed_on[path][task] for part in parts]) for task in labels}
            for path, labels in one.handed_on.items()
        }
        return replace(
            one,
            carried=architecture.join([part.carried for part in parts]),
            log_weights=torch.cat([part.log_weights for part in parts]),
            handed_on=handed_on,
        )

    def _chosen(self, chosen: Tensor, architecture: Architecture) -> Worlds:
        """For each text the worlds that are `chosen`, `(new worlds, batch)`, or the same for all, `(…, 1)`."""
        texts = torch.arange(len(self.mask), device=chosen.device)
        rows = (chosen * len(texts) + texts).flatten()
        return replace(
            self,
            carried=architecture.spread(self.carried, rows),
            log_weights=self.log_weights[chosen, texts],
            handed_on={
                path: {task: label[rows] for task, label in handed_on.items()}
                for path, handed_on in self.handed_on.items()
            },
        )


@dataclass(frozen=True)
class Waiting:
    """Some worlds that a task has been predicted in, but has not handed its label on.

    Attributes:
        tasks: that one, and those after it.
        logits: of its labels, `(worlds, batch, positions, labels)`.
        worlds: these.
    """

    tasks: Sequence[Task]
    logits: Tensor
    worlds: Worlds

    @classmethod
    def joined(cls, parts: Sequence[Waiting], architecture: Architecture) -> Waiting:
        """All worlds, from parts that wait at the same task."""
        worlds = Worlds.joined([part.worlds for part in parts], architecture)
        return cls(parts[0].tasks, torch.cat([part.logits for part in parts]), worlds)
