"""The base of what a task hands on of its label."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

from causal_mtl.common import Registrable


class LabelSampler(nn.Module, Registrable):
    """Turns a task's logits into the label that later tasks are fed: one-hot, a distribution or k-hot.

    Samplers see logits only. In evaluation all of them take the most likely label, as a label that is known
    would be: per position the arg-max, for labels that do not exclude each other those above one half.
    """

    default_implementation = "gumbel"

    @property
    def wants_gold(self) -> bool:
        """Whether gold labels are to be handed on, where known, instead of what `forward` would make."""
        return False

    def watched(self) -> dict[str, float]:
        """What is worth logging, by name."""
        return {}

    def begin_epoch(self, epoch: int) -> None:
        """Told by training at the start of each epoch, counted from 1."""

    def forward(self, logits: Tensor, exclusive: bool) -> Tensor:
        """Labels of the shape of `logits`, `(batch, positions, labels)`.

        Args:
            logits: scores of the labels.
            exclusive: whether exactly one label holds at a position.
        """
        return self.sample(logits, exclusive) if self.training else most_likely(logits, exclusive)

    @abstractmethod
    def sample(self, logits: Tensor, exclusive: bool) -> Tensor:
        """What is handed on in training.

        Args:
            logits: `(batch, positions, labels)`.
            exclusive: whether exactly one label holds at a position.

        Returns:
            Labels of the same shape.
        """
        raise NotImplementedError


def most_likely(logits: Tensor, exclusive: bool) -> Tensor:
    """The arg-max one-hot, or 1 for labels whose probability is above one half; `(…, labels)` -> the same."""
    if exclusive:
        return nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
    return (logits > 0).to(logits.dtype)


def probabilities(logits: Tensor, exclusive: bool) -> Tensor:
    """Softmax over labels that exclude each other, else σ of each; `(…, labels)` -> the same."""
    return logits.softmax(dim=-1) if exclusive else torch.sigmoid(logits)
