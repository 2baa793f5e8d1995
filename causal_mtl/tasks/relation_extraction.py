"""Relations between mentions as labelled pairs of tokens: PMEI eq. 11, CMTL eq. 14–15."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from causal_mtl.common import PositiveInt, Probability
from causal_mtl.data.instance import Annotation, Instance, Relation, RelationAnnotation, Span
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.metrics import Metric, TripleF1
from causal_mtl.metrics.triple_f1 import Mode
from causal_mtl.nn.pair_scorer import PairScorer, PairScores
from causal_mtl.tasks.task import Head, Targets, Task

WORD = "word"
"""The label of a mention that is only known by its anchor."""

Cell = tuple[int, int, int]
"""Head token, tail token, label."""


@Task.register("relation_extraction")
@dataclass
class RelationExtraction(Task):
    """Finds labelled, ordered pairs of mentions. Registered as a `Task` with name "relation_extraction".

    Every pair of tokens may hold any number of relations; a relation stands at the anchors of its mentions.

    Args:
        mentions: the task that finds the mentions; None: there is none, and relations hold between words, each
            the anchor of a mention whose other words are not looked for.
        anchor: the word of a mention that its relations hang on: "first" (PMEI) or "last" (CMTL).
        hidden_size: width of the scorer's inner layer (None: that of the states).
        threshold: a relation holds whose probability is above it.
        diagonal: whether a token may be related to itself, as in CMTL; PMEI excludes it. In `webnlg_star` dev
            60 of 1,113 triples have the same head and tail.
        inner_bias: learn a bias of the inner layer, as in CMTL.
        output_bias: learn a bias of the output layer, as in PMEI. It starts at the log-odds of each label.
        metrics: the ways to match triples (see `TripleF1`).
        view: what other tasks see at a token: the relations that it is "head" of (PMEI), or "both", side by
            side, those that it is head of and those that it is tail of.
    """

    mentions: str | None = "entities"
    anchor: Literal["first", "last"] = "first"
    hidden_size: PositiveInt | None = None
    threshold: Probability = 0.5
    diagonal: bool = True
    inner_bias: bool = False
    output_bias: bool = True
    metrics: tuple[Mode, ...] = ("exact", "partial")
    view: Literal["head", "both"] = "head"

    yields: ClassVar[str] = "relations"

    def uses(self) -> dict[str, tuple[str, str]]:
        """The mentions' task, which must yield spans."""
        return {"mentions": (self.mentions, "spans")} if self.mentions is not None else {}

    def count_vocab_items(self, instance: Instance, counter: dict[str, dict[str, int]]) -> None:
        """Count the relations' labels, those between mentions that could not be placed too."""
        annotation = instance.annotations.get(self.name)
        if isinstance(annotation, RelationAnnotation):
            for relation in annotation.relations:
                counter[self.namespace][relation.label] += 1
            for _, label, _ in annotation.unplaced:
                counter[self.namespace][label] += 1

    def anchor_of(self, span: Span) -> int:
        """The token of `span` that relations hang on."""
        return span.start if self.anchor == "first" else span.end - 1

    def targets(self, instance: Instance, vocab: Vocabulary) -> list[Cell] | None:
        """The cells that hold, each once."""
        annotation = instance.annotations.get(self.name)
        if not isinstance(annotation, RelationAnnotation):
            return None
        return sorted(
            {
                (
                    self.anchor_of(relation.head),
                    self.anchor_of(relation.tail),
                    vocab.get_token_index(relation.label, self.namespace),
                )
                for relation in annotation.relations
                if vocab.has_token(relation.label, self.namespace)
            }
        )

    def collate(self, targets: Sequence[list[Cell] | None], lengths: Sequence[int]) -> dict[str, Tensor]:
        """`{"cells": (cells, 4), "annotated": (batch,)}`; a cell is sentence, head, tail, label."""
        cells = [(row, *cell) for row, target in enumerate(targets) for cell in target or ()]
        return {
            "cells": torch.tensor(cells, dtype=torch.long).reshape(-1, 4),
            "annotated": torch.tensor([target is not None for target in targets]),
        }

    @property
    def roles(self) -> tuple[int, ...]:
        """The columns of a collated cell whose tokens see its label."""
        return (1, 2) if self.view == "both" else (1,)

    def num_labels(self, vocab: Vocabulary) -> int:
        """One for each relation and role."""
        return vocab.get_vocab_size(self.namespace) * len(self.roles)

    def head(self, input_size: int, vocab: Vocabulary) -> RelationHead:
        """A scorer of all ordered pairs of tokens."""
        return RelationHead(self, input_size, self.label_names(vocab))

    def metric(self) -> Metric:
        """Triples, matched in the modes of `metrics`."""
        return TripleF1(self.metrics)


class RelationHead(Head):
    """σ(W relu(U h_i + V h_j)) a pair and label."""

    exclusive: ClassVar[bool] = False

    def __init__(self, task: RelationExtraction, input_size: int, relations: list[str]) -> None:
        super().__init__()
        self.task, self.relations = task, relations
        self.scorer = PairScorer(
            input_size,
            task.hidden_size or input_size,
            len(relations),
            inner_bias=task.inner_bias,
            output_bias=task.output_bias,
            diagonal=task.diagonal,
        )

    def forward(self, states: Tensor, mask: Tensor) -> PairScores:
        """Prepare the scores of all pairs."""
        return self.scorer(states, mask)

    def loss(self, output: PairScores, targets: Targets) -> Tensor:
        """Summed binary cross-entropy over pairs and labels (CMTL eq. 15, mended)."""
        return output.loss(targets["cells"], targets["annotated"])

    def view(self, output: PairScores) -> Tensor:
        """For each token and relation the highest logit over partners."""
        return self._with_tails(output, output.maxima())

    def loss_and_view(self, output: PairScores, targets: Targets) -> tuple[Tensor, Tensor]:
        """Both from one pass over the pairs."""
        loss, maxima = output.reduce(targets["cells"], targets["annotated"])
        return loss, self._with_tails(output, maxima)

    def _with_tails(self, output: PairScores, maxima: Tensor) -> Tensor:
        if self.task.view == "head":
            return maxima
        return torch.cat([maxima, output.turned().maxima()], dim=-1)

    def labels(self, targets: Targets, mask: Tensor) -> Tensor:
        """The relations that each token is an anchor of."""
        cells = targets["cells"]
        size = len(self.relations)
        labels = torch.zeros(*mask.shape, size * len(self.task.roles), device=mask.device)
        for number, role in enumerate(self.task.roles):
            labels[cells[:, 0], cells[:, role], number * size + cells[:, 3]] = 1.0
        return labels

    def decode(
        self,
        output: PairScores,
        instances: Sequence[Instance],
        decoded: Mapping[str, Sequence[Annotation]],
    ) -> list[Annotation]:
        """Relations between the decoded mentions; only pairs of their anchors are scored.

        A relation's score is the probability of its label at the anchors.
        """
        found: list[list[Relation]] = [[] for _ in instances]
        if self.task.mentions is None:
            relations = self._between_words(output)
        else:
            relations = self._between_mentions(output, decoded[self.task.mentions])
        for row, relation in relations:
            found[row].append(relation)
        return [RelationAnnotation(tuple(relations)) for relations in found]

    def _between_mentions(
        self, output: PairScores, mentions: Sequence[Annotation]
    ) -> Iterator[tuple[int, Relation]]:
        """The relations that hold between given mentions, with the numbers of their sentences."""
        pairs: list[tuple[int, Span, Span]] = []
        for row, annotation in enumerate(mentions):
            spans = annotation.spans if annotation else ()  # type: ignore[union-attr]
            pairs.extend((row, head, tail) for head in spans for tail in spans)
        if not pairs:
            return
        anchors = [(row, self.task.anchor_of(head), self.task.anchor_of(tail)) for row, head, tail in pairs]
        index = torch.tensor(anchors, device=output.heads.device)
        probabilities = output.pairs(index).detach().sigmoid().cpu()
        cells = (probabilities > self.task.threshold).nonzero()
        scores = probabilities[cells[:, 0], cells[:, 1]].tolist()
        for (number, label), score in zip(cells.tolist(), scores, strict=True):
            row, head, tail = pairs[number]
            yield row, Relation(head, self.relations[label], tail, score)

    def _between_words(self, output: PairScores) -> Iterator[tuple[int, Relation]]:
        """The relations that hold between any two words."""
        cells, scores = output.cells(self.task.threshold)
        for (row, head, tail, label), score in zip(cells.tolist(), scores.tolist(), strict=True):
            ends = Span(head, head + 1, WORD), Span(tail, tail + 1, WORD)
            yield row, Relation(ends[0], self.relations[label], ends[1], score)

    def initialize(self, targets: Iterable[list[Cell] | None], lengths: Sequence[int]) -> None:
        """Start the output bias at the log-odds of each label, counting each once more than it is seen."""
        if not self.task.output_bias:
            return
        counts = torch.ones(len(self.relations))
        pairs = 0
        for target, length in zip(targets, lengths, strict=True):
            if target is not None:
                pairs += length * length
                for _, _, label in target:
                    counts[label] += 1
        share = counts / (pairs + 2)
        self.scorer.bias.data = (share / (1 - share)).log().to(self.scorer.bias)
