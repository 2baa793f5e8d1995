"""Relations between mentions as labelled pairs of tokens: PMEI eq. 11, CMTL eq. 14–15."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar, Literal

import torch
from torch import Tensor

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Annotation, Instance, Relation, RelationAnnotation, Span, SpanAnnotation
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.metrics import Metric, TripleF1
from causal_mtl.metrics.triple_f1 import Mode
from causal_mtl.nn.pair_scorer import Domain, PairTable
from causal_mtl.tasks.links import ArgumentLink, Link
from causal_mtl.tasks.pair_labels import Cell, PairHead, PairLabels
from causal_mtl.tasks.task import Allows, Targets, Task

WORD = "word"
"""The label of a mention that is only known by its anchor."""
ROLES = ("head", "tail")


@Task.register("relation_extraction")
@dataclass
class RelationExtraction(PairLabels):
    """Finds labelled, ordered pairs of mentions. Registered as a `Task` with name "relation_extraction".

    Every pair of tokens may hold any number of relations; a relation stands at the anchors of its mentions.

    Args:
        mentions: the task that finds the mentions; None: there is none, and relations hold between words, each
            the anchor of a mention whose other words are not looked for.
        anchor: the word of a mention that its relations are attached to: "first" (PMEI) or "last" (CMTL).
        diagonal: whether a token may be related to itself, as in CMTL; PMEI excludes it. In `webnlg_star` dev
            60 of 1,113 triples have the same head and tail.
        metrics: the ways to match triples (see `TripleF1`).
        view: what other tasks see at a token: the relations that it is "head" of (PMEI), or "both", side by
            side, those that it is head of and those that it is tail of.
    """

    mentions: str | None = "entities"
    anchor: Literal["first", "last"] = "first"
    diagonal: bool = True
    metrics: tuple[Mode, ...] = ("exact", "partial")
    view: Literal["head", "both"] = "head"

    yields: ClassVar[str] = "relations"

    def uses(self) -> dict[str, tuple[str, str]]:
        """The mentions' task, which must yield spans."""
        return {"mentions": (self.mentions, "spans")} if self.mentions is not None else {}

    def links(self, earlier: Sequence[Task]) -> list[Link]:
        """One with the types of the mentions; none between words, which have no types."""
        return [ArgumentLink(self.name, self.mentions)] if self.mentions is not None else []

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

    def check_given(self, instance: Instance, vocab: Vocabulary) -> None:
        """As for every task; and its mentions, where all are given too, must be those of the relations.

        Raises:
            ConfigurationError: the model cannot hold it.
        """
        super().check_given(instance, vocab)
        annotation = instance.annotations[self.name]
        mentions = instance.annotations.get(self.mentions or "")
        for relation in annotation.relations if isinstance(annotation, RelationAnnotation) else ():
            head, tail = relation.head, relation.tail
            if not self.diagonal and self.anchor_of(head) == self.anchor_of(tail):
                raise ConfigurationError(
                    f"{relation.label!r}: head and tail are the same word (see `diagonal`)"
                )
            if isinstance(mentions, SpanAnnotation) and not mentions.partial:
                places = {(span.start, span.end) for span in mentions.spans}
                for end in (head, tail):
                    if (end.start, end.end) not in places:
                        raise ConfigurationError(
                            f"{relation.label!r}: {instance.span_text(end)!r} is none of the mentions of "
                            f"{self.mentions!r}, which are given too"
                        )

    @property
    def domain(self) -> Domain:
        """All pairs, or those of two different words."""
        return "all" if self.diagonal else "off_diagonal"

    @property
    def roles(self) -> tuple[int, ...]:
        """The columns of a collated cell whose tokens see its label."""
        return (1, 2) if self.view == "both" else (1,)

    def outcome_names(self, vocab: Vocabulary) -> list[str]:
        """Each relation that a token is head of, and each that it is tail of."""
        names = self.label_names(vocab)
        return [f"{name} ({role})" for role in ROLES for name in names]

    def num_labels(self, vocab: Vocabulary) -> int:
        """One for each relation and role."""
        return super().num_labels(vocab) * len(self.roles)

    def head(self, input_size: int, vocab: Vocabulary) -> RelationHead:
        """A scorer of all ordered pairs of tokens."""
        return RelationHead(self, input_size, self.label_names(vocab))

    def metric(self) -> Metric:
        """Triples, matched in the modes of `metrics`."""
        return TripleF1(self.metrics)


class RelationHead(PairHead):
    """A relation between two mentions is a label of the pair of their anchors."""

    task: RelationExtraction
    allows: Allows | None = None

    def restrict(self, allows: Allows | None) -> None:
        """Find a relation only between mentions of types that `allows` permits."""
        self.allows = allows

    def label_logits(self, output: PairTable) -> Tensor:
        """For each token and relation the highest logit over partners, `(batch, tokens, relations × roles)`."""
        return self._with_tails(output, output.maxima())

    def outcome_logits(self, output: PairTable) -> Tensor:
        """The highest logit over partners of each relation, as head and tail, `(batch, tokens, relations × 2)`."""
        return torch.cat([output.maxima(), output.turned().maxima()], dim=-1)

    def loss_and_label_logits(self, output: PairTable, targets: Targets) -> tuple[Tensor, Tensor]:
        """Both from one pass over the pairs, `()` and `(batch, tokens, relations × roles)`."""
        loss, maxima = output.reduce(targets["cells"], targets["annotated"], self.gold_weights)
        return loss, self._with_tails(output, maxima)

    def _with_tails(self, output: PairTable, maxima: Tensor) -> Tensor:
        if self.task.view == "head":
            return maxima
        return torch.cat([maxima, output.turned().maxima()], dim=-1)

    def labels(self, targets: Targets, mask: Tensor) -> Tensor:
        """The relations that each token is an anchor of, k-hot, `(batch, tokens, relations × roles)`."""
        cells = targets["cells"]
        size = len(self.names)
        labels = torch.zeros(*mask.shape, size * len(self.task.roles), device=mask.device)
        for number, role in enumerate(self.task.roles):
            labels[cells[:, 0], cells[:, role], number * size + cells[:, 3]] = 1.0
        return labels

    def decode(
        self,
        output: PairTable,
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
        self, output: PairTable, mentions: Sequence[Annotation]
    ) -> Iterator[tuple[int, Relation]]:
        """The relations that hold between given mentions, with the indices of their sentences."""
        anchored: list[dict[int, list[Span]]] = [defaultdict(list) for _ in mentions]
        for at, annotation in zip(anchored, mentions, strict=True):
            for span in annotation.spans if annotation else ():  # type: ignore[union-attr]
                at[self.task.anchor_of(span)].append(span)
        pairs = [(row, head, tail) for row, at in enumerate(anchored) for head in at for tail in at]
        if not pairs:
            return
        cells, scores = output.cells(self.thresholds, torch.tensor(pairs, device=self.thresholds.device))
        for (row, first, second, label), score in zip(cells.tolist(), scores.tolist(), strict=True):
            for head, tail in product(anchored[row][first], anchored[row][second]):
                if self.allows is None or self.allows(self.names[label], (head.label, tail.label)):
                    yield row, Relation(head, self.names[label], tail, score)

    def _between_words(self, output: PairTable) -> Iterator[tuple[int, Relation]]:
        """The relations that hold between any two words."""
        cells, scores = output.cells(self.thresholds)
        for (row, head, tail, label), score in zip(cells.tolist(), scores.tolist(), strict=True):
            ends = Span(head, head + 1, WORD), Span(tail, tail + 1, WORD)
            yield row, Relation(ends[0], self.names[label], ends[1], score)
