"""What the tasks share whose labels do not exclude each other: decision thresholds, weights of rare labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from causal_mtl.common import ConfigurationError, NonNegativeFloat, Probability
from causal_mtl.tasks.task import Task


@dataclass
class ManyLabels(Task):
    """Base of the tasks whose labels do not exclude each other.

    Args:
        threshold: a label holds whose probability is above it.
        label_thresholds: other thresholds for the labels named here (`causal-mtl tune-thresholds` finds them).
        rare_label_power: in the loss, gold of a label with n training examples counts c n ** -power times, with c
            such that the mean over all gold is 1; 0 counts all once.
    """

    threshold: Probability = 0.5
    label_thresholds: dict[str, Probability] = field(default_factory=dict)
    rare_label_power: NonNegativeFloat = 0.0

    def thresholds(self, labels: Sequence[str]) -> Tensor:
        """The threshold of each of `labels`.

        Raises:
            ConfigurationError: a threshold is given for something else.
        """
        if unknown := sorted(self.label_thresholds.keys() - set(labels)):
            raise ConfigurationError(
                f"the task {self.name!r} has thresholds of labels that it does not have: {', '.join(unknown)}"
            )
        return torch.tensor([self.label_thresholds.get(label, self.threshold) for label in labels])

    def gold_weights(self, counts: Tensor) -> Tensor | None:
        """How often gold counts in the loss, by label; None: once.

        Args:
            counts: how often each label is seen in training, `(labels,)`; 0 is taken for 1.
        """
        if self.rare_label_power == 0:
            return None
        counts = counts.clamp(min=1)
        weights = counts**-self.rare_label_power
        return weights * counts.sum() / (weights * counts).sum()
