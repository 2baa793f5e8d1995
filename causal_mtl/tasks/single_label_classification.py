"""Exactly one label for a whole text: CMTL eq. 16, 19–20."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Instance
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.metrics import Metric, SingleLabelAccuracy
from causal_mtl.tasks.task import Targets, Task
from causal_mtl.tasks.text_labels import TextHead, TextLabels

SHOWN = 80
"""Characters of a text that an error shows."""


@Task.register("single_label_classification")
@dataclass
class SingleLabelClassification(TextLabels):
    """Finds the one label of a text. Registered with name "single_label_classification".

    A text whose label training never showed adds nothing to the loss, and counts as wrong in evaluation.
    """

    exclusive: ClassVar[bool] = True

    def labels_of(self, instance: Instance) -> set[str] | None:
        """The one label of a text; None where it is not annotated.

        Raises:
            ConfigurationError: it has none, or several. (A text without a label for this task leaves the
                annotation away.)
        """
        labels = super().labels_of(instance)
        if labels is not None and len(labels) != 1:
            text = instance.text if len(instance.text) <= SHOWN else instance.text[:SHOWN] + " …"
            raise ConfigurationError(
                f"the task {self.name!r} needs exactly one label a text, got "
                f"{', '.join(map(repr, sorted(labels))) or 'none'} for {text!r}"
            )
        return labels

    def head(self, input_size: int, vocab: Vocabulary) -> SingleLabelHead:
        """One affine layer over the pooled states."""
        return SingleLabelHead(input_size, self.label_names(vocab))

    def metric(self) -> Metric:
        """Accuracy and macro P/R/F1."""
        return SingleLabelAccuracy()


class SingleLabelHead(TextHead):
    """softmax(W h_0 + b) (CMTL eq. 19)."""

    exclusive: ClassVar[bool] = True

    def loss(self, output: Tensor, targets: Targets) -> Tensor:
        """Cross-entropy summed over texts, `()` (CMTL eq. 20, with its sign)."""
        text, label = targets["cells"].unbind(dim=1)
        return -output.log_softmax(dim=-1)[text, label].sum()

    def log_likelihood(self, output: Tensor, targets: Targets) -> Tensor:
        """The log-probability of each text's label, `(batch,)`; 0 for a label that training never showed."""
        text, label = targets["cells"].unbind(dim=1)
        found = output.log_softmax(dim=-1)[text, label]
        return found.new_zeros(len(output)).index_add(0, text, found)

    def average(self, outputs: Sequence[Tensor], weights: Tensor) -> Tensor:
        """The logarithm of the average distribution, `(batch, labels)`."""
        return (torch.stack(list(outputs)).log_softmax(dim=-1) + weights.log().unsqueeze(-1)).logsumexp(dim=0)

    def likeliest(self, output: Tensor) -> Tensor:
        """The most likely label, one-hot, `(batch, labels)`, bool."""
        return functional.one_hot(output.argmax(dim=-1), len(self.names)).bool()

    def gains(self, output: Tensor) -> Tensor:
        """The log-probability of each label, `(batch, labels)`, float64."""
        return output.detach().double().log_softmax(dim=-1)

    def initialize(self, targets: Iterable[list[int] | None], lengths: Sequence[int]) -> None:
        """Start the bias at the log share of each label, counting each once more than it is seen."""
        counts, _ = self.count(targets)
        self.layer.bias.data = ((counts + 1) / (counts + 1).sum()).log().to(self.layer.bias)
