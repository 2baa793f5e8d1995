"""The published relation scorer, and a tuned dense one, behind the interface of ours: what we measure against."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from causal_mtl.nn.pair_scorer import NO_PARTNER, PairScorer


@dataclass
class DenseScores:
    """The scores of all pairs, kept, `(batch, tokens, tokens, labels)`."""

    logits: Tensor
    mask: Tensor
    dense_labels: bool

    def _pairs(self) -> Tensor:
        return (self.mask.unsqueeze(2) & self.mask.unsqueeze(1)).unsqueeze(-1)

    def loss(self, gold: Tensor, annotated: Tensor, gold_weights: Tensor | None = None) -> Tensor:
        """As `PairScores.loss`."""
        if not self.dense_labels:
            everything = functional.softplus(self.logits).masked_fill(~self._pairs(), 0.0).sum()
            return everything - self.logits[gold.unbind(dim=1)].sum()
        labels = torch.zeros_like(self.logits)
        labels[gold.unbind(dim=1)] = 1.0
        with torch.autocast(self.logits.device.type, enabled=False):  # not allowed under it
            losses = functional.binary_cross_entropy(
                self.logits.sigmoid().float(), labels.float(), reduction="none"
            )
        return (losses * self._pairs()).sum()

    def maxima(self) -> Tensor:
        """As `PairScores.maxima`."""
        best = self.logits.masked_fill(~self._pairs(), NO_PARTNER).amax(dim=2)
        return best.masked_fill(~self.mask.unsqueeze(-1), NO_PARTNER)

    def reduce(self, gold: Tensor, annotated: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As `PairScores.reduce`."""
        return self.loss(gold, annotated), self.maxima()

    def cells(self, threshold: Tensor, pairs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As `PairScores.cells`: all pairs are decided on; those asked for are then picked."""
        probabilities = self.logits.sigmoid()
        found = (probabilities > threshold) & self._pairs()
        if pairs is not None:
            wanted = torch.zeros_like(found[..., 0])
            wanted[pairs.unbind(dim=1)] = True
            found &= wanted.unsqueeze(-1)
        cells = found.nonzero()
        return cells, probabilities[cells.unbind(dim=1)]


class PublishedScorer(nn.Module):
    """W relu(W_m (h_i ⊕ h_j)) + b, both states side by side for every pair (PMEI eq. 11); dense labels."""

    def __init__(self, ours: PairScorer) -> None:
        super().__init__()
        size = ours.heads.in_features
        self.middle = nn.Linear(2 * size, ours.heads.out_features, bias=False)
        self.middle.weight = nn.Parameter(torch.cat([ours.heads.weight, ours.tails.weight], dim=1).detach())
        self.output = ours.output
        self.bias = ours.bias

    def forward(self, states: Tensor, mask: Tensor) -> DenseScores:
        tokens = states.shape[1]
        pairs = torch.cat(
            [
                states.unsqueeze(2).expand(-1, -1, tokens, -1),
                states.unsqueeze(1).expand(-1, tokens, -1, -1),
            ],
            dim=-1,
        )
        logits = self.output(torch.relu(self.middle(pairs))) + self.bias
        return DenseScores(logits, mask, dense_labels=True)


class SplitScorer(nn.Module):
    """The same with U h_i + V h_j, sparse gold and softplus, but all scores kept and autograd left alone."""

    def __init__(self, ours: PairScorer) -> None:
        super().__init__()
        self.heads, self.tails, self.output, self.bias = ours.heads, ours.tails, ours.output, ours.bias

    def forward(self, states: Tensor, mask: Tensor) -> DenseScores:
        hidden = torch.relu(self.heads(states).unsqueeze(2) + self.tails(states).unsqueeze(1))
        logits = functional.linear(hidden, self.output.weight, self.bias)
        return DenseScores(logits, mask, dense_labels=False)


KINDS = {"published": PublishedScorer, "split": SplitScorer, "ours": lambda ours: ours}
"""From our scorer to one with the same weights."""
