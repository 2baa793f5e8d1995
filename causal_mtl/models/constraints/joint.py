"""The most likely consistent labels of a text, exactly: all consistent assignments are listed once and scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from causal_mtl.common import ConfigurationError

MAX_ASSIGNMENTS = 200_000
"""Consistent assignments of the tasks with exactly one label, of one group of tasks that constrain each other."""

Tables = Mapping[tuple[str, str], Tensor]
"""Which labels of two tasks may occur together, `(labels of the one, labels of the other)`, bool."""

Given = Mapping[str, Sequence[list[int] | None]]
"""Labels that are set, by task, for each text (None: none are)."""

UNKNOWN = -1
"""The index of a label that is set and that the model does not know."""


def groups(tasks: Sequence[str], tables: Tables) -> list[list[str]]:
    """The tasks that constrain each other, directly or through others; tasks without constraints are in none."""
    left, found = list(tasks), []
    while left:
        group = [left.pop(0)]
        for member in group:  # grows on the way
            near = [task for task in left if (member, task) in tables or (task, member) in tables]
            group += near
            left = [task for task in left if task not in near]
        if len(group) > 1:
            found.append(group)
    return found


class JointLabels:
    """One group of tasks that constrain each other.

    An assignment gives each task with exactly one label that label; to a task with several it leaves those that
    may occur with all of these. Its score is the sum of what each label adds to the log-probability. Of the labels
    that are left each is taken on its own: between two tasks with several labels there are no constraints.

    Args:
        tasks: of the group, each next to one before it; those with exactly one label are `single`.
        single: names of the tasks with exactly one label.
        tables: of pairs of tasks in either order, at least one of each pair single.

    Raises:
        ConfigurationError: there is no consistent assignment, or more than `MAX_ASSIGNMENTS`.
    """

    def __init__(self, tasks: Sequence[str], single: Sequence[str], tables: Tables) -> None:
        self.tasks = list(tasks)
        both = {**tables, **{(second, first): table.T for (first, second), table in tables.items()}}
        self.single = [task for task in tasks if task in single]
        self.assignments = self._listed(both)
        self.masks = {
            task: _allowed(task, self.single, self.assignments, both) for task in tasks if task not in single
        }

    def _listed(self, tables: Tables) -> Tensor:
        """All consistent assignments to the single tasks: label indices, `(assignments, single tasks)`."""
        first, *others = self.single
        size = next(len(table) for (task, _), table in tables.items() if task == first)
        assignments = torch.arange(size).unsqueeze(1)
        for number, task in enumerate(others, start=1):
            allowed = _allowed(task, self.single[:number], assignments, tables)
            if int(allowed.sum()) > MAX_ASSIGNMENTS:
                raise ConfigurationError(
                    f"constraints: {', '.join(self.single[: number + 1])} have more than {MAX_ASSIGNMENTS:,} "
                    "consistent assignments of labels: constrain fewer pairs of tasks"
                )
            row, label = allowed.nonzero().unbind(dim=1)
            assignments = torch.cat([assignments[row], label.unsqueeze(1)], dim=1)
        if not len(assignments):
            raise ConfigurationError(
                f"constraints: no labels of {', '.join(self.single)} are allowed together: loosen the constraints"
            )
        return assignments

    def best(
        self, gains: Mapping[str, Tensor], likeliest: Mapping[str, Tensor], given: Given
    ) -> dict[str, Tensor]:
        """The labels of the best consistent assignment of each text.

        Args:
            gains: what each label adds to the log-probability, by task, `(batch, labels)`.
            likeliest: the labels that are predicted without constraints, by task, `(batch, labels)`, bool: of a
                task with several only these can be chosen.
            given: the labels that are set; `UNKNOWN` stands for any that the model does not know.

        Returns:
            by task `(batch, labels)`, bool. Where set labels allow no consistent assignment the others are as
            without constraints.
        """
        scores, possible = self._scored(gains, likeliest, given)
        scores = scores.masked_fill(~possible, -torch.inf)
        best = scores.argmax(dim=1)
        chosen = {}
        for number, task in enumerate(self.single):
            chosen[task] = torch.zeros_like(likeliest[task])
            chosen[task].scatter_(1, self.assignments[best, number].unsqueeze(1), True)
        for task, mask in self.masks.items():
            chosen[task] = likeliest[task] & mask[best]
        found = possible.any(dim=1, keepdim=True)
        return {task: torch.where(found, labels, likeliest[task]) for task, labels in chosen.items()}

    def _scored(
        self, gains: Mapping[str, Tensor], likeliest: Mapping[str, Tensor], given: Given
    ) -> tuple[Tensor, Tensor]:
        """Of each text and assignment the score, and whether set labels allow it, both `(batch, assignments)`."""
        batch = len(next(iter(gains.values())))
        scores = torch.zeros(batch, len(self.assignments), dtype=torch.float64)
        possible = torch.ones(batch, len(self.assignments), dtype=torch.bool)
        for number, task in enumerate(self.single):
            labels = self.assignments[:, number]
            scores += gains[task][:, labels]
            for row, wanted in _set(given.get(task)):
                possible[row] &= labels == wanted[0]
        for task, mask in self.masks.items():
            free = torch.where(likeliest[task], gains[task].clamp(min=0), 0.0)
            for row, wanted in _set(given.get(task)):
                free[row] = 0.0  # what is set adds the same to every assignment that allows it
                possible[row] &= mask[:, wanted].all(dim=1) if UNKNOWN not in wanted else False
            scores += free @ mask.T.double()
        return scores, possible


def _set(given: Sequence[list[int] | None] | None) -> Iterator[tuple[int, list[int]]]:
    """The texts whose labels are set, with their labels."""
    return ((row, wanted) for row, wanted in enumerate(given or ()) if wanted is not None)


def _allowed(task: str, before: Sequence[str], assignments: Tensor, tables: Tables) -> Tensor:
    """The labels of `task` that may occur with each assignment to the tasks `before`, `(assignments, labels)`."""
    size = next(len(table) for (first, _), table in tables.items() if first == task)
    allowed = torch.ones(len(assignments), size, dtype=torch.bool)
    for number, other in enumerate(before):
        if (other, task) in tables:
            allowed &= tables[other, task][assignments[:, number]]
    return allowed
