"""What goes through the tasks of `cmtl` with a batch, and what becomes of their outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from causal_mtl.data.loader import Batch
from causal_mtl.models.label_choice import LabelChoice
from causal_mtl.models.model import Labels, Model
from causal_mtl.models.output import ModelOutput
from causal_mtl.models.paths import Path
from causal_mtl.models.worlds import Worlds
from causal_mtl.nn.stochastic_maps import Mapped
from causal_mtl.tasks import Task


class Pass(ABC):
    """One batch on its way through all tasks.

    Args:
        model: whose heads score it.
        batch: the texts.
        given: the labels that are set, by path.
        choice: makes the labels that tasks hand on.
    """

    def __init__(self, model: Model, batch: Batch, given: Mapping[Path, Labels], choice: LabelChoice) -> None:
        self.model, self.batch, self.given, self.choice = model, batch, given, choice

    @abstractmethod
    def see(self, task: Task, outputs: Sequence[Any], worlds: Worlds, wants_logits: bool) -> Tensor | None:
        """Take the outputs of a task, one per world.

        Returns:
            The label logits, `(worlds, batch, positions, labels)`, if they are wanted.
        """

    def see_mapped(self, task: Task, mapped: Mapped, worlds: Worlds) -> None:  # noqa: B027
        """Take what a stochastic map yielded, by rows. Here: nothing is done."""

    def weighed(self, task: Task, worlds: Worlds) -> Worlds:
        """The worlds as they weigh once the task is seen. Here: as before."""
        return worlds

    def end(self, worlds: Worlds) -> None:  # noqa: B027
        """Take some worlds after the last task. Here: nothing is done."""

    def logits(self, task: Task, outputs: Sequence[Any]) -> Tensor:
        """Label logits, `(worlds, batch, positions, labels)`."""
        head = self.model.heads[task.name]
        return torch.stack([head.label_logits(output) for output in outputs])


class TaskByTaskModel(Model):
    """A model whose tasks a pass can go through."""

    @abstractmethod
    def embed(self, batch: Batch) -> dict[str, Tensor]:
        """The embedded tokens of each task, `(batch, tokens, …)`."""
        raise NotImplementedError

    @abstractmethod
    def go(self, forward_pass: Pass, embedded: dict[str, Tensor]) -> None:
        """Take a batch, and its embedded tokens, through all tasks."""
        raise NotImplementedError


class ScoringPass(Pass):
    """The pass that yields outputs and losses. Those of several worlds are averaged.

    Args:
        model: whose heads score it.
        batch: the texts.
        given: the labels that are set, by path.
        choice: makes the labels that tasks hand on.
        kl_weight: of what stochastic maps let through.
    """

    def __init__(
        self,
        model: Model,
        batch: Batch,
        given: Mapping[Path, Labels],
        choice: LabelChoice,
        kl_weight: float,
    ) -> None:
        super().__init__(model, batch, given, choice)
        self.kl_weight = kl_weight
        self.result = ModelOutput({})
        self._outputs: dict[str, list[Any]] = defaultdict(list)
        self._weights: dict[str, list[Tensor]] = defaultdict(list)

    def see(self, task: Task, outputs: Sequence[Any], worlds: Worlds, wants_logits: bool) -> Tensor | None:
        """The output of one world is final; others are kept. See `Pass.see`."""
        if worlds.total > 1:
            self._outputs[task.name] += outputs
            self._weights[task.name].append(worlds.log_weights)
            return self.logits(task, outputs) if wants_logits else None
        self.result.outputs[task.name] = outputs[0]
        if not wants_logits:
            return None
        head = self.model.heads[task.name]
        return self.model.add_head_loss(task, head, outputs[0], self.batch, self.result)[None]

    def see_mapped(self, task: Task, mapped: Mapped, worlds: Worlds) -> None:
        """Its KL becomes a loss, averaged over worlds."""
        weights = worlds.log_weights.exp() if worlds.total > 1 else None
        self.result.add_information(task.name, mapped, self.batch, self.kl_weight, weights)

    def finish(self) -> ModelOutput:
        """The outputs and losses of all tasks, in their order."""
        for name, outputs in self._outputs.items():
            weights = torch.cat(self._weights[name]).softmax(dim=0)  # rounding aside they sum to 1 already
            self.result.outputs[name] = self.model.heads[name].average(outputs, weights)
        return self.model.add_losses(self.result, self.batch)


@dataclass
class Likelihoods:
    """Of the gold of one task, in each world.

    Attributes:
        before: the log-weights of the worlds by the gold of earlier tasks, `(worlds, batch)` each.
        of_gold: log p(gold | X, world), `(worlds, batch)` each.
    """

    before: list[Tensor] = field(default_factory=list)
    of_gold: list[Tensor] = field(default_factory=list)

    def total(self) -> Tensor:
        """Log p(gold | X, gold of earlier tasks), `(batch,)`."""
        before, of_gold = torch.cat(self.before), torch.cat(self.of_gold)
        return (before + of_gold).logsumexp(dim=0) - before.logsumexp(dim=0)


class EvidencePass(Pass):
    """The pass that weighs worlds by how well they fit the gold of the batch, task after task."""

    def __init__(self, model: Model, batch: Batch, given: Mapping[Path, Labels], choice: LabelChoice) -> None:
        super().__init__(model, batch, given, choice)
        self.likelihoods: dict[str, Likelihoods] = defaultdict(Likelihoods)
        self.last: list[Worlds] = []

    def see(self, task: Task, outputs: Sequence[Any], worlds: Worlds, wants_logits: bool) -> Tensor | None:
        """Keep the likelihood of the gold in each world. See `Pass.see`."""
        if (gold := self.batch.labels.get(task.name)) is not None:
            head = self.model.heads[task.name]
            found = torch.stack([head.log_likelihood(output, gold.targets) for output in outputs])
            self.likelihoods[task.name].before.append(worlds.log_weights)
            self.likelihoods[task.name].of_gold.append(found)
        return self.logits(task, outputs) if wants_logits else None

    def weighed(self, task: Task, worlds: Worlds) -> Worlds:
        """By the gold of the task too."""
        if task.name not in self.batch.labels:
            return worlds
        return worlds.reweighed(self.likelihoods[task.name].of_gold[-1])

    def end(self, worlds: Worlds) -> None:
        """Keep them."""
        self.last.append(worlds)
