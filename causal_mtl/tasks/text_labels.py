"""What the tasks that label whole texts share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Annotation, Instance, LabelAnnotation
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.nn.labels import probabilities
from causal_mtl.nn.pooling import Level, max_over_tokens
from causal_mtl.nn.wide import widened
from causal_mtl.tasks.links import Link, TextLink
from causal_mtl.tasks.task import Head, Targets, Task

TOLERANCE = 1e-3
"""How far probabilities that a person gives may be from a sum of 1."""


class TextLabels(Task):
    """Base of the tasks whose labels hold of a whole text.

    The targets of a text are the indices of its labels, without those that the vocabulary lacks.
    """

    yields: ClassVar[str] = "labels"
    level: ClassVar[Level] = "text"

    def links(self, earlier: Sequence[Task]) -> list[Link]:
        """One with each earlier task of labels of texts; two that both may have several labels are not decoded."""
        return [
            TextLink(self.name, task.name, decodable=self.exclusive or task.exclusive)
            for task in earlier
            if task.level == "text" and task.yields == self.yields
        ]

    def labels_of(self, instance: Instance) -> set[str] | None:
        """The labels of one text; None where it is not annotated."""
        annotation = instance.annotations.get(self.name)
        return set(annotation.labels) if isinstance(annotation, LabelAnnotation) else None

    def count_vocab_items(self, instance: Instance, counter: dict[str, dict[str, int]]) -> None:
        """Count the text's labels."""
        for label in self.labels_of(instance) or ():
            counter[self.namespace][label] += 1

    def targets(self, instance: Instance, vocab: Vocabulary) -> list[int] | None:
        """The labels' indices, each once."""
        labels = self.labels_of(instance)
        if labels is None:
            return None
        return sorted(
            vocab.get_token_index(label, self.namespace)
            for label in labels
            if vocab.has_token(label, self.namespace)
        )

    def collate(self, targets: Sequence[list[int] | None], lengths: Sequence[int]) -> dict[str, Tensor]:
        """`{"cells": (cells, 2), "annotated": (batch,)}`; a cell is text, label."""
        cells = [(row, label) for row, target in enumerate(targets) for label in target or ()]
        return {
            "cells": torch.tensor(cells, dtype=torch.long).reshape(-1, 2),
            "annotated": torch.tensor([target is not None for target in targets]),
        }

    def check_given(self, instance: Instance, vocab: Vocabulary) -> None:
        """As for every task; of labels that are given with probabilities, that these are a distribution.

        Raises:
            ConfigurationError: the model cannot hold it.
        """
        annotation = instance.annotations[self.name]
        if not (isinstance(annotation, LabelAnnotation) and annotation.uncertain):
            super().check_given(instance, vocab)
            return
        self.check_known(annotation.labels, self.namespace, vocab)
        total = sum(annotation.scores or ())
        if self.exclusive and abs(total - 1) > TOLERANCE:
            raise ConfigurationError(
                f"a text has exactly one label of this task, so probabilities sum to 1: got {total:g}"
            )

    def distribution(self, instance: Instance, vocab: Vocabulary) -> list[float]:
        """The probability of each label in `instance`, where they are given; 0 for those that are not named."""
        annotation = instance.annotations[self.name]
        assert isinstance(annotation, LabelAnnotation)
        given = dict(zip(annotation.labels, annotation.scores or (), strict=True))
        return [given.get(name, 0.0) for name in self.label_names(vocab)]

    def num_labels(self, vocab: Vocabulary) -> int:
        """One for each label."""
        return vocab.get_vocab_size(self.namespace)

    def label_names(self, vocab: Vocabulary) -> list[str]:
        """All labels, in the order of their indices.

        Raises:
            ConfigurationError: there is none.
        """
        names = super().label_names(vocab)
        if not names:
            raise ConfigurationError(f"the task {self.name!r} has no labels: no training text has one")
        return names


class TextHead(Head):
    """W h_0 + b with h_0 the maximum of the states over real tokens (CMTL eq. 16).

    Its output is the logits, `(batch, labels)`, in single precision at least.

    Args:
        input_size: width of the states.
        names: of the labels, in the order of their indices.
    """

    def __init__(self, input_size: int, names: list[str]) -> None:
        super().__init__()
        self.layer = nn.Linear(input_size, len(names))
        self.names = names

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Logits of each text: `(batch, tokens, input_size)` -> `(batch, labels)`."""
        logits = self.layer(max_over_tokens(states, mask))
        return widened(logits)

    def probabilities(self, output: Tensor) -> Tensor:
        """Of each label, `(batch, labels)` (CMTL eq. 17 and 19)."""
        return probabilities(output, self.exclusive)

    @abstractmethod
    def likeliest(self, output: Tensor) -> Tensor:
        """Which labels are predicted when nothing constrains them, `(batch, labels)`, bool."""
        raise NotImplementedError

    @abstractmethod
    def gains(self, output: Tensor) -> Tensor:
        """What each label adds to the log-probability of all that are chosen, `(batch, labels)`, float64."""
        raise NotImplementedError

    def annotations(self, output: Tensor, chosen: Tensor) -> list[Annotation]:
        """The `chosen` labels, `(batch, labels)`, each with its probability as its score."""
        found: list[Annotation] = []
        scores = self.probabilities(output.detach())
        for row, scores_of_row in zip(chosen.tolist(), scores.tolist(), strict=True):
            kept = [index for index, holds in enumerate(row) if holds]
            found.append(
                LabelAnnotation(
                    tuple(self.names[index] for index in kept),
                    tuple(scores_of_row[index] for index in kept),
                )
            )
        return found

    def decode(
        self,
        output: Tensor,
        instances: Sequence[Instance],
        decoded: Mapping[str, Sequence[Annotation]],
    ) -> list[Annotation]:
        """The labels that are predicted when nothing constrains them; a label's score is its probability."""
        return self.annotations(output, self.likeliest(output))

    def label_logits(self, output: Tensor) -> Tensor:
        """The logits, at the one position that a text has, `(batch, 1, labels)`."""
        return output.unsqueeze(1)

    def labels(self, targets: Targets, mask: Tensor) -> Tensor:
        """One-hot or k-hot, `(batch, 1, labels)`."""
        return self.k_hot(targets).unsqueeze(1)

    def label_rows(self) -> dict[str, Sequence[str]]:
        """The labels."""
        return dict.fromkeys(("layer.weight", "layer.bias"), self.names)

    def k_hot(self, targets: Targets) -> Tensor:
        """1 where a label holds, `(batch, labels)`; all 0 where a text is not annotated."""
        annotated = targets["annotated"]
        labels = torch.zeros(len(annotated), len(self.names), device=annotated.device)
        text, label = targets["cells"].unbind(dim=1)
        labels[text, label] = 1.0
        return labels

    def count(self, targets: Iterable[list[int] | None]) -> tuple[Tensor, int]:
        """How many texts have each label, `(labels,)`, and how many are annotated."""
        counts = torch.zeros(len(self.names))
        texts = 0
        for target in targets:
            counts[target or []] += 1
            texts += target is not None
        return counts, texts
