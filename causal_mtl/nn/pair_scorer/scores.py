"""The scores of a batch, never kept all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from causal_mtl.nn.pair_scorer.blocks import Block, Domain, blocks, inside, pieces, score
from causal_mtl.nn.pair_scorer.reduction import Reduction, Wanted
from causal_mtl.nn.pair_scorer.table import PairTable


@dataclass
class PairScores(PairTable):
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

    @property
    def num_labels(self) -> int:
        """As the output layer has."""
        return len(self.weight)

    @property
    def dtype(self) -> torch.dtype:
        """Of the output layer."""
        return self.bias.dtype

    def reduce(
        self, gold: Tensor, annotated: Tensor, gold_weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Σ softplus(z) − Σ_gold z, and max_j z_ij; see `PairTable.reduce`."""
        everything, maxima = self._reduction(annotated, with_maxima=True)
        return everything - self._gold(gold, gold_weights), maxima

    def loss(self, gold: Tensor, annotated: Tensor, gold_weights: Tensor | None = None) -> Tensor:
        """Only the loss of `reduce`."""
        everything, _ = self._reduction(annotated, with_maxima=False)
        return everything - self._gold(gold, gold_weights)

    def maxima(self) -> Tensor:
        """Only the maxima of `reduce`."""
        return self._reduction(None, with_maxima=True)[1]

    def log_likelihood(self, gold: Tensor, annotated: Tensor) -> Tensor:
        """Sentence by sentence, as each gets a gradient of its own; see `PairTable.log_likelihood`."""
        losses = []
        for number in range(len(self.mask)):
            row = slice(number, number + 1)
            cells = gold[gold[:, 0] == number] - gold.new_tensor([number, 0, 0, 0])
            one = replace(self, heads=self.heads[row], tails=self.tails[row], mask=self.mask[row])
            losses.append(one.loss(cells, annotated[row]))
        return -torch.stack(losses)

    def turned(self) -> PairScores:
        """The same scores with head and tail changed over; see `PairTable.turned`."""
        if self.domain == "upper":
            raise ValueError("pairs of the upper domain cannot be turned")
        return replace(self, heads=self.tails, tails=self.heads)

    def blocks(self) -> Iterator[Block]:
        """Cut as suits the device."""
        return blocks(self.heads, self.weight, self._lengths(), self.domain)

    def pieces(self, pairs: Tensor) -> Iterable[Tensor]:
        """Cut as suits the device."""
        return pieces(pairs, self.weight)

    def logits_of(self, block: Block) -> Tensor:
        """W relu(U h_i + V h_j) + b in the type of the states; see `PairTable.logits_of`."""
        return score(block, self.heads, self.tails, *self._output(), self.domain)[1]

    def logits_of_pairs(self, pairs: Tensor) -> Tensor:
        """The same of `pairs`; see `PairTable.logits_of_pairs`."""
        sentence, head, tail = pairs.unbind(dim=1)
        hidden = torch.relu(self.heads[sentence, head] + self.tails[sentence, tail])
        return functional.linear(hidden, *self._output())

    def at(self, cells: Tensor) -> Tensor:
        """The logits of `cells`, `(cells, 4)`, in the precision of the weights."""
        sentence, head, tail, label = cells.unbind(dim=1)
        hidden = torch.relu(self.heads[sentence, head] + self.tails[sentence, tail])
        return (hidden * self.weight[label]).sum(dim=-1, dtype=self.bias.dtype) + self.bias[label]

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
        logits = self.at(gold)
        if weights is None:
            return logits.sum()
        return (logits + (weights[gold[:, 3]] - 1) * functional.logsigmoid(logits)).sum()
