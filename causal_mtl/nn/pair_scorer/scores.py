"""The scores of a batch, never kept all at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from causal_mtl.nn.pair_scorer.blocks import Domain, blocks, inside, pieces, score
from causal_mtl.nn.pair_scorer.covering import best_covering
from causal_mtl.nn.pair_scorer.reduction import NO_PARTNER, Reduction, Wanted


@dataclass
class PairScores:
    """The scores of a batch in the form that they are computed from.

    Attributes:
        heads: `U h_i (+ b_m)`, `(batch, tokens, hidden)`.
        tails: `V h_j`, `(batch, tokens, hidden)`.
        weight: of the output layer, `(labels, hidden)`.
        bias: of the output layer, `(labels,)`.
        mask: True at real tokens, `(batch, tokens)`.
        domain: the pairs that are scored.
    """

    heads: Tensor
    tails: Tensor
    weight: Tensor
    bias: Tensor
    mask: Tensor
    domain: Domain

    def reduce(
        self, gold: Tensor, annotated: Tensor, gold_weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The loss and the maxima over partners, from one pass over the pairs.

        Args:
            gold: the cells that hold, `(cells, 4)`: sentence, head token, tail token, label. Those outside the
                domain do not count.
            annotated: `(batch,)`, False where a sentence has no gold at all and its loss does not count.
            gold_weights: of each label, `(labels,)`: how often a cell that holds counts. Default: once.

        Returns:
            Σ softplus(z) − Σ_gold z, the summed binary cross-entropy over all pairs and labels, and
            max_j z_ij, `(batch, tokens, labels)`, `NO_PARTNER` where a token has no partner.
        """
        everything, maxima = self._reduction(annotated, with_maxima=True)
        return everything - self._gold(gold, gold_weights), maxima

    def loss(self, gold: Tensor, annotated: Tensor, gold_weights: Tensor | None = None) -> Tensor:
        """Only the loss of `reduce`."""
        everything, _ = self._reduction(annotated, with_maxima=False)
        return everything - self._gold(gold, gold_weights)

    def maxima(self) -> Tensor:
        """Only the maxima of `reduce`."""
        return self._reduction(None, with_maxima=True)[1]

    def covering_maxima(self) -> Tensor:
        """In the domain "upper": at token t the maximum of z_ij over all i ≤ t ≤ j, `(batch, tokens, labels)`.

        `NO_PARTNER` at padding. It is found without gradient; the scores at the maxima are then computed once
        more, with it.
        """
        places = best_covering(self.heads, self.tails, *self._output(), self._lengths())
        logits = self._at(places.flatten(0, 2)).view(places.shape[:3])
        return logits.masked_fill(~self.mask.unsqueeze(-1), NO_PARTNER)

    @torch.no_grad()
    def cells(self, threshold: Tensor | float, pairs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The cells whose probability is above `threshold`, and their probabilities.

        Args:
            threshold: one, or one per label, `(labels,)`.
            pairs: those to look at, `(pairs, 3)`: sentence, head token, tail token. Default: all of the domain.

        Returns:
            `(cells, 4)`: sentence, head token, tail token, label; and `(cells,)`.
        """
        limit = torch.as_tensor(threshold, dtype=self.bias.dtype, device=self.bias.device).logit()
        found = list(self._above(limit) if pairs is None else self._above_at(pairs, limit))
        if not found:
            return self.mask.new_zeros((0, 4), dtype=torch.long), self.bias.new_zeros(0)
        cells, logits = zip(*found, strict=True)
        return torch.cat(cells), torch.cat(logits).to(self.bias.dtype).sigmoid()

    def turned(self) -> PairScores:
        """The same scores with head and tail changed over.

        Raises:
            ValueError: the domain is "upper", which would be a lower one.
        """
        if self.domain == "upper":
            raise ValueError("pairs of the upper domain cannot be turned")
        return replace(self, heads=self.tails, tails=self.heads)

    def _above(self, limit: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """The cells of each block whose logit is above `limit`, with their logits."""
        weight, bias = self._output()
        for block in blocks(self.heads, weight, self._lengths(), self.domain):
            _, logits = score(block, self.heads, self.tails, weight, bias, self.domain)
            places = (logits > limit).nonzero()
            first = (block.sentences.start or 0, block.rows.start, block.tails.start, 0)
            yield places + places.new_tensor(first), logits[places.unbind(dim=1)]

    def _above_at(self, pairs: Tensor, limit: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """The same of some `pairs` at a time."""
        weight, bias = self._output()
        for some in pieces(pairs[inside(pairs, self.domain)], weight):
            sentence, head, tail = some.unbind(dim=1)
            hidden = torch.relu(self.heads[sentence, head] + self.tails[sentence, tail])
            logits = functional.linear(hidden, weight, bias)
            pair, label = (logits > limit).nonzero().unbind(dim=1)
            yield torch.cat([some[pair], label.unsqueeze(1)], dim=1), logits[pair, label]

    def _reduction(self, annotated: Tensor | None, with_maxima: bool) -> tuple[Tensor, Tensor]:
        inputs = self.heads, self.tails, *self._output()
        with_gradient = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in inputs)
        wanted = Wanted(self._lengths(), annotated, self.domain, with_maxima, with_gradient)
        with torch.autocast(self.heads.device.type, enabled=False):
            return Reduction.apply(*inputs, wanted)

    def _output(self) -> tuple[Tensor, Tensor]:
        """Weight and bias in the type of the states: one type for all that a block touches."""
        return self.weight.to(self.heads.dtype), self.bias.to(self.heads.dtype)

    def _lengths(self) -> list[int]:
        return self.mask.sum(dim=1).tolist()

    def _gold(self, gold: Tensor, weights: Tensor | None) -> Tensor:
        """What the loss has less for its gold: Σ z; a weight w adds w − 1 times the loss of the cell."""
        gold = gold[inside(gold, self.domain)]
        logits = self._at(gold)
        if weights is None:
            return logits.sum()
        return (logits + (weights[gold[:, 3]] - 1) * functional.logsigmoid(logits)).sum()

    def _at(self, cells: Tensor) -> Tensor:
        """The logits of `cells`, `(cells, 4)`, in the precision of the weights."""
        sentence, head, tail, label = cells.unbind(dim=1)
        hidden = torch.relu(self.heads[sentence, head] + self.tails[sentence, tail])
        return (hidden * self.weight[label]).sum(dim=-1, dtype=self.bias.dtype) + self.bias[label]
