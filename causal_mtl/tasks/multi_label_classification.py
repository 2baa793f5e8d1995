"""Any number of labels for a whole text: CMTL eq. 16–18."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn import functional

from causal_mtl.common import Probability
from causal_mtl.data.instance import Annotation, Instance, LabelAnnotation
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.metrics import Metric, MultiLabelF1
from causal_mtl.tasks.task import Targets, Task
from causal_mtl.tasks.text_labels import TextHead, TextLabels


@Task.register("multi_label_classification")
@dataclass
class MultiLabelClassification(TextLabels):
    """Finds which labels a text has: any number, none too. Registered with name "multi_label_classification".

    Args:
        threshold: a label holds whose probability is above it.
    """

    threshold: Probability = 0.5

    def head(self, input_size: int, vocab: Vocabulary) -> MultiLabelHead:
        """One affine layer over the pooled states."""
        return MultiLabelHead(input_size, self.label_names(vocab), self.threshold)

    def metric(self) -> Metric:
        """Micro P/R/F1."""
        return MultiLabelF1()


class MultiLabelHead(TextHead):
    """σ(W h_0 + b) a label (CMTL eq. 17)."""

    exclusive: ClassVar[bool] = False

    def __init__(self, input_size: int, names: list[str], threshold: float) -> None:
        super().__init__(input_size, names)
        self.threshold = threshold

    def loss(self, output: Tensor, targets: Targets) -> Tensor:
        """Binary cross-entropy summed over texts and labels (CMTL eq. 18, with its (1 − y) log(1 − ŷ) part)."""
        gold = self.k_hot(targets).to(output.dtype)
        losses = functional.binary_cross_entropy_with_logits(output, gold, reduction="none")
        return (losses * targets["annotated"].unsqueeze(1)).sum()

    def decode(
        self,
        output: Tensor,
        instances: Sequence[Instance],
        decoded: Mapping[str, Sequence[Annotation]],
    ) -> list[Annotation]:
        """The labels above the threshold; a label's score is its probability."""
        found: list[Annotation] = []
        for probabilities in output.detach().sigmoid().tolist():
            chosen = [(n, p) for n, p in zip(self.names, probabilities, strict=True) if p > self.threshold]
            found.append(LabelAnnotation(tuple(n for n, _ in chosen), tuple(p for _, p in chosen)))
        return found

    def initialize(self, targets: Iterable[list[int] | None], lengths: Sequence[int]) -> None:
        """Start the bias at the log-odds of each label, counting its presence and absence once more each."""
        counts, texts = self.count(targets)
        self.layer.bias.data = ((counts + 1) / (texts + 2)).logit().to(self.layer.bias)
