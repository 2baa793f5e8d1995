"""Mentions as flat tags: CMTL eq. 12–13, PMEI eq. 10."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from causal_mtl.data.instance import Annotation, Instance, Span, SpanAnnotation
from causal_mtl.data.tag_schemes import TagScheme
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.nn.tag_decoding import best_paths
from causal_mtl.nn.wide import widened
from causal_mtl.tasks.span_labels import SpanLabels
from causal_mtl.tasks.task import Head, Targets, Task

IGNORE = -100
"""The tag index at padding and in sentences without annotation."""


@Task.register("sequence_tagging")
@dataclass
class SequenceTagging(SpanLabels):
    """Finds labelled spans by tagging tokens. Registered as a `Task` with name "sequence_tagging".

    Flat tags cannot hold overlapping mentions: of those that overlap the longest is kept for training;
    evaluation still counts them all.

    Args:
        scheme: of the tags.
        decoding: "argmax" takes each token's best tag and repairs what is no span (see `TagScheme.decode`);
            "viterbi" takes the best sequence of tags that is well formed.
    """

    holds_overlaps: ClassVar[bool] = False

    scheme: Literal["BIO", "BIOUL", "BIOES"] = "BIOES"
    decoding: Literal["argmax", "viterbi"] = "argmax"

    def tags(self, vocab: Vocabulary) -> list[str]:
        """All tags, in the order of their indices."""
        return TagScheme(self.scheme).tags(self.label_names(vocab))

    def targets(self, instance: Instance, vocab: Vocabulary) -> list[int] | None:
        """One tag index per token."""
        known = self.known_spans(instance, vocab)
        if known is None:
            return None
        scheme = TagScheme(self.scheme)
        spans, _ = scheme.drop_overlaps(known)
        index = {tag: number for number, tag in enumerate(self.tags(vocab))}
        return [index[tag] for tag in scheme.encode(spans, len(instance))]

    def collate(self, targets: Sequence[list[int] | None], lengths: Sequence[int]) -> dict[str, Tensor]:
        """`{"tags": (batch, tokens)}`, `IGNORE` where there is none."""
        tags = torch.full((len(targets), max(lengths)), IGNORE)
        for row, target in zip(tags, targets, strict=True):
            if target is not None:
                row[: len(target)] = torch.tensor(target)
        return {"tags": tags}

    def num_labels(self, vocab: Vocabulary) -> int:
        """One for each tag."""
        return len(self.tags(vocab))

    def compatible(self, one: Span, other: Span) -> bool:
        """Unless they share a word."""
        return not one.overlaps(other)

    def outcome_names(self, vocab: Vocabulary) -> list[str]:
        """The tags."""
        return self.tags(vocab)

    def head(self, input_size: int, vocab: Vocabulary) -> TaggingHead:
        """One affine layer over the tags."""
        return TaggingHead(input_size, TagScheme(self.scheme), self.tags(vocab), self.decoding)


@dataclass
class TagScores:
    """The logits of all tags, `(batch, tokens, tags)`, and the mask of real tokens."""

    logits: Tensor
    mask: Tensor


class TaggingHead(Head):
    """softmax(W h_i + b) a token."""

    exclusive: ClassVar[bool] = True

    def __init__(self, input_size: int, scheme: TagScheme, tags: list[str], decoding: str) -> None:
        super().__init__()
        self.layer = nn.Linear(input_size, len(tags))
        self.scheme, self.tags = scheme, tags
        self.transitions = scheme.allowed_transitions(tags) if decoding == "viterbi" else None

    def forward(self, states: Tensor, mask: Tensor) -> TagScores:
        """Logits of every tag at every token: `(batch, tokens, input_size)` -> `(batch, tokens, tags)`."""
        return TagScores(self.layer(states), mask)

    def loss(self, output: TagScores, targets: Targets) -> Tensor:
        """Summed cross-entropy (CMTL eq. 13), `()`; the targets' `tags` are `(batch, tokens)`."""
        logits = widened(output.logits.flatten(0, 1))
        return functional.cross_entropy(
            logits, targets["tags"].flatten(), ignore_index=IGNORE, reduction="sum"
        )

    def log_likelihood(self, output: TagScores, targets: Targets) -> Tensor:
        """The sum over tokens of the log-probability of the gold tag, `(batch,)`."""
        tags = targets["tags"]
        found = _log_softmax(output.logits).gather(-1, tags.clamp(min=0).unsqueeze(-1)).squeeze(-1)
        return found.masked_fill(tags == IGNORE, 0.0).sum(dim=1)

    def average(self, outputs: Sequence[TagScores], weights: Tensor) -> TagScores:
        """The average of each token's distribution over tags, `(batch, tokens, tags)`."""
        logits = torch.stack([_log_softmax(output.logits) for output in outputs])
        return TagScores((logits + weights.log()[..., None, None]).logsumexp(dim=0), outputs[0].mask)

    def label_logits(self, output: TagScores) -> Tensor:
        """The logits of the tags, `(batch, tokens, tags)`."""
        return output.logits

    def labels(self, targets: Targets, mask: Tensor) -> Tensor:
        """One tag per token, one-hot, `(batch, tokens, tags)`; zero where there is none."""
        tags = targets["tags"]
        known = (tags != IGNORE).unsqueeze(-1)
        return functional.one_hot(tags.clamp(min=0), len(self.tags)).float() * known

    def label_rows(self) -> dict[str, Sequence[str]]:
        """What the tags mean: those of another scheme may look the same and mean something else."""
        return dict.fromkeys(("layer.weight", "layer.bias"), self.scheme.meanings(self.tags))

    def decode(
        self,
        output: TagScores,
        instances: Sequence[Instance],
        decoded: Mapping[str, Sequence[Annotation]],
    ) -> list[Annotation]:
        """Spans; a span's score is the product of the probabilities of its tags."""
        log_probabilities = output.logits.detach().float().log_softmax(dim=-1).cpu()
        lengths = [len(instance) for instance in instances]
        if self.transitions is None:
            paths = log_probabilities.argmax(dim=-1)
        else:
            paths = best_paths(log_probabilities, lengths, self.transitions)
        scores = log_probabilities.gather(-1, paths.unsqueeze(-1)).squeeze(-1).tolist()
        return [
            self._annotation(path[:length], score)
            for path, score, length in zip(paths.tolist(), scores, lengths, strict=True)
        ]

    def _annotation(self, path: Sequence[int], log_scores: Sequence[float]) -> SpanAnnotation:
        spans = self.scheme.decode([self.tags[index] for index in path])
        scored = (
            Span(span.start, span.end, span.label, math.exp(sum(log_scores[span.start : span.end])))
            for span in spans
        )
        return SpanAnnotation(tuple(scored))

    def initialize(self, targets: Iterable[list[int] | None], lengths: Sequence[int]) -> None:
        """Start the bias at the log share of each tag, counting each once more than it is seen."""
        counts: Counter[int] = Counter()
        for target in targets:
            counts.update(target or ())
        smoothed = torch.tensor([counts[index] + 1.0 for index in range(len(self.tags))])
        self.layer.bias.data = (smoothed / smoothed.sum()).log().to(self.layer.bias)


def _log_softmax(logits: Tensor) -> Tensor:
    """In single precision at least."""
    return widened(logits).log_softmax(dim=-1)
