"""Mentions as labelled pairs of their first and last word: they may nest and overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from causal_mtl.data.instance import Annotation, Instance, Span, SpanAnnotation
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.nn.pair_scorer import Domain, PairTable
from causal_mtl.tasks.pair_labels import Cell, PairHead, PairLabels
from causal_mtl.tasks.span_labels import SpanLabels
from causal_mtl.tasks.task import Targets, Task


@Task.register("span_classification")
@dataclass
class SpanClassification(SpanLabels, PairLabels):
    """Finds labelled spans by scoring all of them. Registered as a `Task` with name "span_classification".

    Unlike `sequence_tagging` it can find mentions that nest or overlap, and one mention with several labels.

    Args:
        overlaps: which spans may be found together: "any"; "nested", any but those that cross; or "flat", those
            that share no word. Of spans that may not, the one with the highest score is kept.
    """

    overlaps: Literal["any", "nested", "flat"] = "any"

    @property
    def domain(self) -> Domain:
        """A span does not end before it starts."""
        return "upper"

    def compatible(self, one: Span, other: Span) -> bool:
        """As `overlaps` says; a person who labels some words does not leave them another label."""
        conflict = {"any": None, "nested": _cross, "flat": Span.overlaps}[self.overlaps]
        return super().compatible(one, other) and not (conflict and conflict(one, other))

    def targets(self, instance: Instance, vocab: Vocabulary) -> list[Cell] | None:
        """First word, last word and label of each span."""
        spans = self.known_spans(instance, vocab)
        if spans is None:
            return None
        index = vocab.get_token_to_index_vocabulary(self.namespace)
        return sorted({(span.start, span.end - 1, index[span.label]) for span in spans})

    def head(self, input_size: int, vocab: Vocabulary) -> SpanHead:
        """A scorer of all spans."""
        return SpanHead(self, input_size, self.label_names(vocab))


class SpanHead(PairHead):
    """A span is a pair of its first and its last word."""

    task: SpanClassification

    def label_logits(self, output: PairTable) -> Tensor:
        """For each token and label the highest logit over spans that cover it, `(batch, tokens, labels)`."""
        return output.covering_maxima()

    def labels(self, targets: Targets, mask: Tensor) -> Tensor:
        """The labels of the spans that cover each token, k-hot, `(batch, tokens, labels)`."""
        sentence, first, last, label = targets["cells"].unbind(dim=1)
        token = torch.arange(mask.shape[1], device=mask.device)
        covered = (first.unsqueeze(1) <= token) & (token <= last.unsqueeze(1))
        cell, token = covered.nonzero().unbind(dim=1)
        labels = torch.zeros(*mask.shape, len(self.names), device=mask.device)
        labels[sentence[cell], token, label[cell]] = 1.0
        return labels

    def decode(
        self,
        output: PairTable,
        instances: Sequence[Instance],
        decoded: Mapping[str, Sequence[Annotation]],
    ) -> list[Annotation]:
        """The spans above the threshold; a span's score is its probability."""
        found: list[list[Span]] = [[] for _ in instances]
        cells, scores = output.cells(self.thresholds)
        for (row, first, last, label), score in zip(cells.tolist(), scores.tolist(), strict=True):
            found[row].append(Span(first, last + 1, self.names[label], score))
        return [SpanAnnotation(tuple(sorted(self._allowed(spans)))) for spans in found]

    def _allowed(self, spans: list[Span]) -> list[Span]:
        """The best of those that may be found together."""
        if self.task.overlaps == "any":
            return spans
        conflict = Span.overlaps if self.task.overlaps == "flat" else _cross
        kept: list[Span] = []
        for span in sorted(spans, key=lambda span: -(span.score or 0.0)):
            if not any(conflict(span, other) for other in kept):
                kept.append(span)
        return kept


def _cross(one: Span, other: Span) -> bool:
    first, second = sorted([one, other], key=lambda span: (span.start, -span.end))
    return first.start < second.start < first.end < second.end
