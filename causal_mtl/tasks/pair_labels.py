"""What the tasks that label pairs of tokens share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from causal_mtl.common import Construct, PositiveInt, Problem
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.nn.pair_scorer import (
    Domain,
    PairMixture,
    PairScorer,
    PairScores,
    PairTable,
    inside,
    number_of_pairs,
)
from causal_mtl.tasks.many_labels import ManyLabels
from causal_mtl.tasks.task import Head, Targets

Cell = tuple[int, int, int]
"""Head token, tail token, label."""


@dataclass
class PairLabels(ManyLabels):
    """Base of the tasks whose labels hold of pairs of tokens.

    The targets of a sentence are its cells, each once.

    Args:
        hidden_size: width of the scorer's inner layer (None: that of the states).
        inner_bias: learn a bias of the inner layer, as in CMTL.
        output_bias: learn a bias of the output layer, as in PMEI. It starts at the log-odds of each label.
    """

    hidden_size: PositiveInt | None = None
    inner_bias: bool = False
    output_bias: bool = True

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """A bias that is not there cannot start anywhere."""
        if config.get("prior_bias") and config.says("prior_bias") and not config.get("output_bias"):
            yield config.problem(
                "prior_bias", "has no effect without a bias: leave one of them out", "output_bias"
            )

    @property
    def domain(self) -> Domain:
        """The pairs that may have labels."""
        return "all"

    def collate(self, targets: Sequence[list[Cell] | None], lengths: Sequence[int]) -> dict[str, Tensor]:
        """`{"cells": (cells, 4), "annotated": (batch,)}`; a cell is sentence, head, tail, label."""
        cells = [(row, *cell) for row, target in enumerate(targets) for cell in target or ()]
        return {
            "cells": torch.tensor(cells, dtype=torch.long).reshape(-1, 4),
            "annotated": torch.tensor([target is not None for target in targets]),
        }

    def num_labels(self, vocab: Vocabulary) -> int:
        """One for each label."""
        return vocab.get_vocab_size(self.namespace)


class PairHead(Head):
    """σ(W relu(U h_i + V h_j)) a pair and label.

    Args:
        task: its settings.
        input_size: width of the states.
        names: of the labels, in the order of their indices.
    """

    exclusive: ClassVar[bool] = False
    task: PairLabels
    thresholds: Tensor
    gold_weights: Tensor | None

    def __init__(self, task: PairLabels, input_size: int, names: list[str]) -> None:
        super().__init__()
        self.task, self.names = task, names
        self.scorer = PairScorer(
            input_size,
            task.hidden_size or input_size,
            len(names),
            inner_bias=task.inner_bias,
            output_bias=task.output_bias,
            domain=task.domain,
        )
        self.register_buffer("thresholds", task.thresholds(names), persistent=False)
        self.register_buffer("gold_weights", None, persistent=False)

    def forward(self, states: Tensor, mask: Tensor) -> PairScores:
        """Prepare the scores of all pairs of `states`, `(batch, tokens, input_size)`; none is computed yet."""
        return self.scorer(states, mask)

    def loss(self, output: PairTable, targets: Targets) -> Tensor:
        """Summed binary cross-entropy over pairs and labels (CMTL eq. 15, with its slip corrected)."""
        return output.loss(targets["cells"], targets["annotated"], self.gold_weights)

    def log_likelihood(self, output: PairTable, targets: Targets) -> Tensor:
        """Of all pairs and labels of each sentence, each decided on its own, `(batch,)`."""
        return output.log_likelihood(targets["cells"], targets["annotated"])

    def label_rows(self) -> dict[str, Sequence[str]]:
        """The labels; the inner layer has no rows of theirs."""
        return dict.fromkeys(("scorer.output.weight", "scorer.bias"), self.names)

    def average(self, outputs: Sequence[PairScores], weights: Tensor) -> PairMixture:
        """The averages of the probabilities of all pairs; none is computed yet."""
        return PairMixture(outputs, weights)

    def prepare(self, targets: Iterable[list[Cell] | None]) -> None:
        """Count the labels, for the weights of rare ones."""
        weights = self.task.gold_weights(self._count(targets))
        self.gold_weights = None if weights is None else weights.to(self.thresholds)

    def initialize(self, targets: Iterable[list[Cell] | None], lengths: Sequence[int]) -> None:
        """Start the output bias at the log-odds of each label, counting each once more than it is seen."""
        if not self.task.output_bias:
            return
        targets = list(targets)
        pairs = sum(
            number_of_pairs(length, self.task.domain)
            for target, length in zip(targets, lengths, strict=True)
            if target is not None
        )
        share = (self._count(targets) + 1) / (pairs + 2)
        self.scorer.bias.data = share.logit().to(self.scorer.bias)

    def _count(self, targets: Iterable[list[Cell] | None]) -> Tensor:
        """How often each label is seen among the pairs that are scored, `(labels,)`."""
        cells = torch.tensor([(0, *cell) for target in targets for cell in target or ()], dtype=torch.long)
        cells = cells.reshape(-1, 4)
        return cells[inside(cells, self.task.domain), 3].bincount(minlength=len(self.names)).float()
