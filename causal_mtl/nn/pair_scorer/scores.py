"""The scores of a batch, never kept all at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from causal_mtl.nn.pair_scorer.blocks import blocks, score
from causal_mtl.nn.pair_scorer.reduction import Reduction, Wanted


@dataclass
class PairScores:
    """The scores of a batch in the form that they are computed from.

    Attributes:
        heads: `U h_i (+ b_m)`, `(batch, tokens, hidden)`.
        tails: `V h_j`, `(batch, tokens, hidden)`.
        weight: of the output layer, `(labels, hidden)`.
        bias: of the output layer, `(labels,)`.
        mask: True at real tokens, `(batch, tokens)`.
        diagonal: whether a token is a partner of itself.
    """

    heads: Tensor
    tails: Tensor
    weight: Tensor
    bias: Tensor
    mask: Tensor
    diagonal: bool

    def reduce(self, gold: Tensor, annotated: Tensor) -> tuple[Tensor, Tensor]:
        """The loss and the maxima over partners, from one pass over the pairs.

        Args:
            gold: the cells that hold, `(cells, 4)`: sentence, head token, tail token, label.
            annotated: `(batch,)`, False where a sentence has no gold at all and its loss does not count.

        Returns:
            Σ softplus(z) − Σ_gold z, the summed binary cross-entropy over all pairs and labels, and
            max_j z_ij, `(batch, tokens, labels)`, `NO_PARTNER` where a token has no partner.
        """
        everything, maxima = self._reduction(annotated, with_maxima=True)
        return everything - self._gold(gold), maxima

    def loss(self, gold: Tensor, annotated: Tensor) -> Tensor:
        """Only the loss of `reduce`."""
        everything, _ = self._reduction(annotated, with_maxima=False)
        return everything - self._gold(gold)

    def maxima(self) -> Tensor:
        """Only the maxima of `reduce`."""
        return self._reduction(None, with_maxima=True)[1]

    @torch.no_grad()
    def cells(self, threshold: float) -> tuple[Tensor, Tensor]:
        """The cells of all pairs whose probability is above `threshold`, and their probabilities.

        Returns:
            `(cells, 4)`: sentence, head token, tail token, label; and `(cells,)`.
        """
        found, scores = [], []
        weight, bias = self.weight.to(self.heads.dtype), self.bias.to(self.heads.dtype)
        for block in blocks(
            self.heads, self.mask.sum(dim=1).tolist(), max(self.heads.shape[-1], len(weight))
        ):
            _, logits = score(block, self.heads, self.tails, weight, bias, self.diagonal)
            probabilities = logits.to(self.bias.dtype).sigmoid()
            cells = (probabilities > threshold).nonzero()
            scores.append(probabilities[cells.unbind(dim=1)])
            found.append(cells + cells.new_tensor([block.sentences.start or 0, block.rows.start, 0, 0]))
        if not found:
            return self.mask.new_zeros((0, 4), dtype=torch.long), self.bias.new_zeros(0)
        return torch.cat(found), torch.cat(scores)

    def turned(self) -> PairScores:
        """The same scores with head and tail changed over."""
        return replace(self, heads=self.tails, tails=self.heads)

    def _reduction(self, annotated: Tensor | None, with_maxima: bool) -> tuple[Tensor, Tensor]:
        wanted = Wanted(self.mask.sum(dim=1).tolist(), annotated, self.diagonal, with_maxima)
        # One type for all that a block touches; sums are kept in full precision.
        weight, bias = self.weight.to(self.heads.dtype), self.bias.to(self.heads.dtype)
        with torch.autocast(self.heads.device.type, enabled=False):
            return Reduction.apply(self.heads, self.tails, weight, bias, wanted)

    def _gold(self, gold: Tensor) -> Tensor:
        if not self.diagonal:
            gold = gold[gold[:, 1] != gold[:, 2]]
        return self._at(gold).sum()

    def _at(self, cells: Tensor) -> Tensor:
        """The logits of `cells`, `(cells, 4)`."""
        sentence, head, tail, label = cells.unbind(dim=1)
        hidden = torch.relu(self.heads[sentence, head] + self.tails[sentence, tail])
        return (hidden * self.weight[label]).sum(dim=-1, dtype=self.bias.dtype) + self.bias[label]

    def pairs(self, pairs: Tensor) -> Tensor:
        """The logits of all labels, `(pairs, labels)`, for `pairs`, `(pairs, 3)`: sentence, head, tail token."""
        sentence, head, tail = pairs.unbind(dim=1)
        hidden = torch.relu(self.heads[sentence, head] + self.tails[sentence, tail])
        logits = functional.linear(hidden, self.weight.to(hidden.dtype)).to(self.bias.dtype) + self.bias
        return logits if self.diagonal else logits.masked_fill((head == tail).unsqueeze(1), float("-inf"))
