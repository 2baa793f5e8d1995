"""What a forward pass yields: outputs of heads, losses, and what is logged beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from causal_mtl.data.loader import Batch
from causal_mtl.nn.stochastic_maps import Mapped

LOSS_PARTS = ("early", "kl")
"""Losses that a model may have for a task besides the task's own, named `task/part`."""


@dataclass(frozen=True)
class Loss:
    """One part of the objective.

    Attributes:
        total: summed over the sentences of the batch.
        task: whose count of sentences it is divided by, in the whole optimizer step.
        weight: in the objective.
    """

    total: Tensor
    task: str
    weight: float = 1.0


@dataclass(frozen=True)
class Watched:
    """A quantity that is logged and not trained on.

    Attributes:
        total: summed over the sentences of the batch.
        task: whose count of sentences it is divided by.
    """

    total: Tensor
    task: str


@dataclass(frozen=True)
class ModelOutput:
    """What a forward pass yields.

    Attributes:
        outputs: each head's own output, by task.
        losses: by name, where gold is known.
        watched: what else is logged, by name.
    """

    outputs: dict[str, Any]
    losses: dict[str, Loss] = field(default_factory=dict)
    watched: dict[str, Watched] = field(default_factory=dict)

    def add_information(
        self, task: str, mapped: Mapped, batch: Batch, weight: float, worlds: Tensor | None = None
    ) -> None:
        """Add the KL of a stochastic map as the loss `task/kl`, and watch its mean σ as `task/sigma`.

        Args:
            task: whose map it is.
            mapped: what it yielded, for each sentence of the batch, or for each world and sentence.
            batch: with or without gold.
            weight: of the loss.
            worlds: of each world, `(worlds, batch)`; both quantities are averaged over them. Several calls for
                some worlds each add up. None: there is one.
        """
        gold = batch.labels.get(task)
        if gold is None or mapped.information is None:
            return
        kl, deviation = mapped.information()
        counted = batch.mask[:, : kl.shape[1]] & gold.annotated(batch.mask.device).unsqueeze(1)
        tokens = counted.sum(dim=1).clamp(min=1)
        shares = counted / tokens.unsqueeze(1)
        if worlds is not None:
            counted, shares = ((worlds[..., None] * of_texts).flatten(0, 1) for of_texts in (counted, shares))
        total = (kl * counted).sum()
        if (before := self.losses.get(f"{task}/kl")) is not None:
            total = before.total + total
        self.losses[f"{task}/kl"] = Loss(total, task, weight)
        sigma = (deviation.detach().mean(dim=-1) * shares).sum()
        if (watched := self.watched.get(f"{task}/sigma")) is not None:
            sigma = watched.total + sigma
        self.watch(f"{task}/sigma", sigma, task)

    def watch(self, name: str, total: Tensor, task: str) -> None:
        """Have a quantity logged beside the losses, as its mean over the sentences that carry `task`."""
        self.watched[name] = Watched(total.detach(), task)
