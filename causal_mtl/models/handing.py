"""What later tasks are given as the label of a task: labels that are set go before all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from causal_mtl.common import ConfigurationError
from causal_mtl.data.label_distribution import LabelDistribution
from causal_mtl.data.loader import TaskLabels
from causal_mtl.models.model import as_labels
from causal_mtl.models.passes import Pass
from causal_mtl.models.paths import PATHS, Path
from causal_mtl.models.worlds import Worlds
from causal_mtl.nn.architectures import Architecture
from causal_mtl.nn.inference import Branches, Distribution
from causal_mtl.nn.labels import logits_of
from causal_mtl.tasks import Head, Task

Given = TaskLabels | LabelDistribution
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Handing:
    """One task that hands its label on, in one pass."""

    task: Task
    head: Head
    architecture: Architecture
    forward_pass: Pass

    def hand_on(self, logits: Tensor, worlds: Worlds) -> Worlds:
        """The worlds with the label of the task: predicted, and then whatever is set in its place.

        Args:
            logits: label logits, `(worlds, batch, positions, labels)`.
            worlds: before the task hands anything on.
        """
        given = self._given()
        one = given["direct"]
        if (
            isinstance(one, LabelDistribution)
            and one is given["indirect"]
            and self.forward_pass.choice.averages
        ):
            return self._branch(self.task.name, self._log_odds(one, logits), worlds, PATHS, None)
        if _leaves_some(given):
            worlds = self._branch(self.task.name, logits, worlds, PATHS, None)
        for value in {id(value): value for value in given.values() if value is not None}.values():
            paths = tuple(path for path in PATHS if given[path] is value)
            worlds = self._set(value, paths, logits, worlds)
        return worlds

    def needs_all_worlds(self, logits: Tensor, worlds: Worlds) -> bool:
        """Whether these are some of several listed worlds, all of which are needed: some are chosen, to draw in.

        Args:
            logits: label logits, `(worlds, batch, positions, labels)`.
            worlds: before the task hands anything on.
        """
        if not worlds.listed or len(worlds) == worlds.total:
            return False
        given = self._given()
        if any(isinstance(value, LabelDistribution) for value in given.values()):
            return True  # it may be listed besides what is predicted, along the other path: perhaps too many
        distribution = self._distribution(self.task.name, logits, worlds)
        return _leaves_some(given) and self.forward_pass.choice.draws_from(distribution)

    def _given(self) -> dict[Path, Given | None]:
        """What is set along each path."""
        return {path: labels.get(self.task.name) for path, labels in self.forward_pass.given.items()}

    def _set(self, given: Given, paths: tuple[Path, ...], logits: Tensor, worlds: Worlds) -> Worlds:
        """The worlds with labels that are set along `paths`."""
        known = given.annotated(self.forward_pass.batch.mask.device)
        if isinstance(given, LabelDistribution) and self.forward_pass.choice.averages:
            # Where none is set any will do: what is drawn there is not handed on.
            log_odds = self._log_odds(given, logits.new_zeros(len(worlds), *logits.shape[1:]))
            return self._branch(f"{self.task.name}/{paths[0]}", log_odds, worlds, paths, known)
        label = self._labels(given, logits)
        return self._put(Branches(label[None].expand(len(worlds), -1, -1, -1)), worlds, paths, known)

    def _labels(self, given: Given, logits: Tensor) -> Tensor:
        """What is set, `(batch, positions, labels)`.

        Raises:
            ConfigurationError: it does not fit the label logits of the task.
        """
        label = as_labels(given, self.head, self.forward_pass.batch.mask)
        if label.shape != logits.shape[1:]:
            raise ConfigurationError(
                f"labels.{self.task.name}: expected (batch, positions, labels) = {tuple(logits.shape[1:])}, got "
                f"{tuple(label.shape)}"
            )
        if isinstance(given, LabelDistribution):
            self._check(given)
        return label

    def _log_odds(self, given: LabelDistribution, logits: Tensor) -> Tensor:
        """Logits of a distribution that is set, `(worlds, batch, positions, labels)`; `logits` where none is."""
        set_ones = logits_of(self._labels(given, logits).to(logits), self.head.exclusive)
        return torch.where(given.annotated(logits.device)[:, None, None], set_ones, logits)

    def _branch(
        self, name: str, logits: Tensor, worlds: Worlds, paths: tuple[Path, ...], known: Tensor | None
    ) -> Worlds:
        """The worlds with a label of this distribution, or with several."""
        branches = self.forward_pass.choice.branch(self._distribution(name, logits, worlds))
        return self._put(branches, worlds.branched(branches, self.architecture), paths, known)

    def _distribution(self, name: str, logits: Tensor, worlds: Worlds) -> Distribution:
        """What these logits say in these worlds."""
        return Distribution(
            name,
            logits,
            self.head.exclusive,
            self.forward_pass.batch.mask[:, : logits.shape[2]],
            self.task.level == "text",
            worlds.log_weights,
            worlds.total,
            worlds.first,
            worlds.listed,
        )

    def _put(
        self, branches: Branches, worlds: Worlds, paths: tuple[Path, ...], known: Tensor | None
    ) -> Worlds:
        """The worlds with the labels of `branches` along `paths`, in the texts that are `known` (None: all)."""
        labels = branches.labels
        handed_on = dict(worlds.handed_on)
        for path in paths:
            before = handed_on[path].get(self.task.name)
            new = labels
            if known is not None and before is not None:
                before = before.unflatten(0, (len(worlds), -1))
                new = torch.where(known[:, None, None], labels.to(before.dtype), before)
            handed_on[path] = {**handed_on[path], self.task.name: new.flatten(0, 1)}
        return replace(worlds, handed_on=handed_on)

    def _check(self, given: LabelDistribution) -> None:
        """Refuse what is no distribution.

        Raises:
            ConfigurationError: it has numbers outside of 0 and 1, or that do not sum to 1 where they must.
        """
        known = given.annotated(given.probabilities.device)
        p = given.probabilities[known]
        real = self.forward_pass.batch.mask[known][:, : p.shape[1]]
        p = p[real]
        if not bool(((p >= 0) & (p <= 1)).all()):
            raise ConfigurationError(f"labels.{self.task.name}: probabilities lie between 0 and 1")
        if self.head.exclusive and not bool(((p.sum(dim=-1) - 1).abs() < TOLERANCE).all()):
            raise ConfigurationError(
                f"labels.{self.task.name}: exactly one label holds, so its probabilities must sum to 1"
            )


def _leaves_some(given: Mapping[Path, Given | None]) -> bool:
    """Whether along some path some text has no label set."""
    return not all(value is not None and _covers(value) for value in given.values())


def _covers(given: Given) -> bool:
    """Whether it is set for all texts."""
    if isinstance(given, LabelDistribution):
        return given.known is None
    return all(annotation is not None for annotation in given.annotations)
