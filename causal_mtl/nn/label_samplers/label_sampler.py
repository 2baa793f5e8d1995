"""The base of what a task hands on of its label in training."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from causal_mtl.common import Registrable
from causal_mtl.nn.inference import Marginal
from causal_mtl.nn.labels import most_likely

Missing = Literal["sample", "drop", "marginal", "posterior"]
"""What becomes of a text without gold of a task that hands its label on: the sampler makes a label; the text does
not count where that label would be needed; its likelihood is averaged over labels; or a label is drawn that also
fits the gold of later tasks."""


@dataclass(frozen=True)
class Gold:
    """The gold labels of one task.

    Attributes:
        labels: one-hot or k-hot, `(batch, positions, labels)`.
        known: for which texts they are known, `(batch, 1, 1)`, bool.
    """

    labels: Tensor
    known: Tensor

    def over(self, other: Tensor) -> Tensor:
        """Gold where it is known, else `other`, of the shape and type of `other`."""
        return torch.where(self.known, self.labels.to(other.dtype), other)

    @classmethod
    def unknown(cls, logits: Tensor) -> Gold:
        """No text has any."""
        known = torch.zeros(len(logits), 1, 1, dtype=torch.bool, device=logits.device)
        return cls(torch.zeros_like(logits), known)


class LabelSampler(nn.Module, Registrable):
    """Turns a task's logits, or its gold, into the label that later tasks are fed *in training*.

    A label is one-hot, a distribution or k-hot. In evaluation the model's `inference` does this; a sampler that is
    called in evaluation mode takes the most likely label.
    """

    default_implementation = "gumbel"

    missing: Missing = "sample"
    """What becomes of texts without gold in training; see `Missing`."""

    marginal: Marginal = Marginal()
    """Over which labels the `missing` "marginal" and "posterior" average."""

    def watched(self) -> dict[str, float]:
        """What is worth logging, by name."""
        return {}

    def begin_epoch(self, epoch: int) -> None:
        """Told by training at the start of each epoch, counted from 1."""

    def forward(self, logits: Tensor, exclusive: bool, gold: Gold | None = None) -> Tensor:
        """Labels of the shape of `logits`, `(batch, positions, labels)`.

        Args:
            logits: scores of the labels.
            exclusive: whether exactly one label holds at a position.
            gold: labels, where known (None: nowhere).
        """
        if not self.training:
            return most_likely(logits, exclusive)
        return self.sample(logits, exclusive, gold or Gold.unknown(logits))

    @abstractmethod
    def sample(self, logits: Tensor, exclusive: bool, gold: Gold) -> Tensor:
        """What is handed on in training.

        Args:
            logits: `(batch, positions, labels)`.
            exclusive: whether exactly one label holds at a position.
            gold: which labels are known. Those that are not, a sampler must make of the logits.

        Returns:
            Labels of the same shape.
        """
        raise NotImplementedError
