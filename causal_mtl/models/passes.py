"""What goes through the tasks of `cmtl` with a batch: how labels are handed on, and what becomes of outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from causal_mtl.data.loader import Batch
from causal_mtl.models.model import Labels, Model
from causal_mtl.models.output import ModelOutput
from causal_mtl.models.paths import Path
from causal_mtl.models.worlds import Worlds
from causal_mtl.nn.inference import Branches, Distribution, FreshNoise, Inference, Noise, TextNoise
from causal_mtl.nn.label_samplers import Gold, LabelSampler
from causal_mtl.nn.stochastic_maps import Mapped
from causal_mtl.tasks import Task


class HandingOn(ABC):
    """How a task's prediction becomes what later tasks are given."""

    averages: bool = False
    """Whether a distribution that is set is averaged over; else it is handed on as it is."""

    @abstractmethod
    def branch(self, distribution: Distribution) -> Branches:
        """One label in each world, or several."""

    def draws_from(self, distribution: Distribution) -> bool:
        """Whether some of several labels are drawn; see `Inference.draws_from`."""
        return False


@dataclass(frozen=True)
class BySampler(HandingOn):
    """In training: what the sampler makes of logits and gold."""

    sampler: LabelSampler
    gold: Mapping[str, Gold]

    def branch(self, distribution: Distribution) -> Branches:
        """One label in the one world that there is."""
        logits = distribution.logits[0]
        return Branches(self.sampler(logits, distribution.exclusive, self.gold.get(distribution.name))[None])


@dataclass(frozen=True)
class ByInference(HandingOn):
    """In evaluation: what the inference makes of logits."""

    inference: Inference
    noise: Noise

    @property
    def averages(self) -> bool:  # type: ignore[override]
        """As the inference says."""
        return self.inference.averages

    def branch(self, distribution: Distribution) -> Branches:
        """As the inference says."""
        return self.inference.branch(distribution, self.noise)

    def draws_from(self, distribution: Distribution) -> bool:
        """As the inference says."""
        return self.inference.draws_from(distribution)

    @classmethod
    def of(cls, inference: Inference, batch: Batch) -> ByInference:
        """With draws that depend on each text alone."""
        # By the text and not by its tokens, so that a token that is hidden in it changes no draw.
        texts = [instance.text for instance in batch.instances]
        lengths = [len(instance) for instance in batch.instances]
        return cls(inference, TextNoise(texts, lengths, inference.seed))

    @classmethod
    def fresh(cls, inference: Inference) -> ByInference:
        """With draws from the global generator, as training makes them."""
        return cls(inference, FreshNoise())


class Pass(ABC):
    """One batch on its way through all tasks.

    Args:
        model: whose heads score it.
        batch: the texts.
        given: the labels that are set, by path.
        handing_on: how labels are.
    """

    def __init__(
        self, model: Model, batch: Batch, given: Mapping[Path, Labels], handing_on: HandingOn
    ) -> None:
        self.model, self.batch, self.given, self.handing_on = model, batch, given, handing_on

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


class Prediction(Pass):
    """The pass that yields outputs and losses. Those of several worlds are averaged.

    Args:
        model: whose heads score it.
        batch: the texts.
        given: the labels that are set, by path.
        handing_on: how labels are.
        kl_weight: of what stochastic maps let through.
    """

    def __init__(
        self,
        model: Model,
        batch: Batch,
        given: Mapping[Path, Labels],
        handing_on: HandingOn,
        kl_weight: float,
    ) -> None:
        super().__init__(model, batch, given, handing_on)
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


class Evidence(Pass):
    """The pass that weighs worlds by how well they fit the gold of the batch, task after task."""

    def __init__(
        self, model: Model, batch: Batch, given: Mapping[Path, Labels], handing_on: HandingOn
    ) -> None:
        super().__init__(model, batch, given, handing_on)
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
