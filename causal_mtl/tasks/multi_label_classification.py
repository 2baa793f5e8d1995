"""Any number of labels for a whole text: CMTL eq. 16–18."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.metrics import Metric, MultiLabelF1
from causal_mtl.tasks.many_labels import ManyLabels
from causal_mtl.tasks.task import Targets, Task
from causal_mtl.tasks.text_labels import TextHead, TextLabels

LIMIT = 1e6
"""Log-odds of the thresholds 0 and 1, as far as sums of float64 can bear them."""


@Task.register("multi_label_classification")
@dataclass
class MultiLabelClassification(TextLabels, ManyLabels):
    """Finds which labels a text has: any number, none too. Registered with name "multi_label_classification"."""

    def head(self, input_size: int, vocab: Vocabulary) -> MultiLabelHead:
        """One affine layer over the pooled states."""
        return MultiLabelHead(self, input_size, self.label_names(vocab))

    def metric(self) -> Metric:
        """Micro P/R/F1."""
        return MultiLabelF1()


class MultiLabelHead(TextHead):
    """σ(W h_0 + b) per label (CMTL eq. 17)."""

    exclusive: ClassVar[bool] = False

    gold_weights: Tensor | None

    def __init__(self, task: MultiLabelClassification, input_size: int, names: list[str]) -> None:
        super().__init__(input_size, names)
        self.task = task
        self.thresholds = task.thresholds(names).tolist()
        self.register_buffer("gold_weights", None, persistent=False)

    def loss(self, output: Tensor, targets: Targets) -> Tensor:
        """Binary cross-entropy summed over texts and labels, `()` (CMTL eq. 18, with (1 − y) log(1 − ŷ))."""
        gold = self.k_hot(targets).to(output.dtype)
        losses = functional.binary_cross_entropy_with_logits(
            output, gold, reduction="none", pos_weight=self.gold_weights
        )
        return (losses * targets["annotated"].unsqueeze(1)).sum()

    def log_likelihood(self, output: Tensor, targets: Targets) -> Tensor:
        """Of exactly the labels that each text has, `(batch,)`."""
        gold = self.k_hot(targets).to(output.dtype)
        losses = functional.binary_cross_entropy_with_logits(output, gold, reduction="none")
        return -(losses * targets["annotated"].unsqueeze(1)).sum(dim=1)

    def average(self, outputs: Sequence[Tensor], weights: Tensor) -> Tensor:
        """The log-odds of the average probability of each label, `(batch, labels)`."""
        logits, shares = torch.stack(list(outputs)), weights.log().unsqueeze(-1)
        held = (functional.logsigmoid(logits) + shares).logsumexp(dim=0)
        return held - (functional.logsigmoid(-logits) + shares).logsumexp(dim=0)

    def prepare(self, targets: Iterable[list[int] | None]) -> None:
        """Count the labels, for the weights of rare ones."""
        counts, _ = self.count(targets)
        weights = self.task.gold_weights(counts)
        self.gold_weights = None if weights is None else weights.to(self.layer.bias)

    def likeliest(self, output: Tensor) -> Tensor:
        """The labels above their thresholds, `(batch, labels)`, bool."""
        return self.probabilities(output.detach()).double() > self._limits(output)

    def gains(self, output: Tensor) -> Tensor:
        """Log-odds beyond those of the label's threshold, `(batch, labels)`: at 0.5, log p - log(1 - p)."""
        return output.detach().double() - self._limits(output).logit().clamp(-LIMIT, LIMIT)

    def _limits(self, output: Tensor) -> Tensor:
        return torch.tensor(self.thresholds, dtype=torch.float64, device=output.device)

    def initialize(self, targets: Iterable[list[int] | None], lengths: Sequence[int]) -> None:
        """Start the bias at the log-odds of each label, counting its presence and absence once more each."""
        counts, texts = self.count(targets)
        self.layer.bias.data = ((counts + 1) / (texts + 2)).logit().to(self.layer.bias)
