"""Scores of all ordered pairs of tokens for all relations, never kept all at once.

The published formula (PMEI eq. 11, CMTL eq. 14) puts two states side by side, `W_m (h_i ⊕ h_j)`. Split in two,
`U h_i + V h_j`, it needs two products a *token* and a broadcast sum a pair. What the model needs of the scores
are a loss and, at prediction, some cells: both are taken from blocks that are dropped at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

BLOCK_ELEMENTS = 1 << 20
"""Elements of the largest tensor of a block: small enough for a processor's cache."""
BLOCK_ELEMENTS_GPU = 1 << 26
"""The same on a GPU, which wants few large blocks."""
NO_PARTNER = -1e4
"""The highest score of a token that has no partner: finite, so that no gradient becomes NaN."""


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
        for block in _blocks(
            self.heads, self.mask.sum(dim=1).tolist(), max(self.heads.shape[-1], len(weight))
        ):
            _, logits = _score(block, self.heads, self.tails, weight, bias, self.diagonal)
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
        wanted = _Wanted(self.mask.sum(dim=1).tolist(), annotated, self.diagonal, with_maxima)
        # One type for all that a block touches; sums are kept in full precision.
        weight, bias = self.weight.to(self.heads.dtype), self.bias.to(self.heads.dtype)
        with torch.autocast(self.heads.device.type, enabled=False):
            return _Reduction.apply(self.heads, self.tails, weight, bias, wanted)

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


class PairScorer(nn.Module):
    """Scores every ordered pair of tokens: `W relu(U h_i + V h_j + b_m) + b` (PMEI eq. 11, CMTL eq. 14).

    Args:
        input_size: width of the states.
        hidden_size: width of the inner layer.
        num_labels: relations.
        inner_bias: learn `b_m` (CMTL; PMEI has none).
        output_bias: learn `b` (PMEI; CMTL has none).
        diagonal: score a token with itself too (CMTL; PMEI does not).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_labels: int,
        inner_bias: bool = False,
        output_bias: bool = True,
        diagonal: bool = True,
    ) -> None:
        super().__init__()
        self.heads = nn.Linear(input_size, hidden_size, bias=inner_bias)
        self.tails = nn.Linear(input_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, num_labels, bias=False)
        self.bias = nn.Parameter(torch.zeros(num_labels), requires_grad=output_bias)
        self.diagonal = diagonal
        _initialise_as_one_layer(self.heads.weight, self.tails.weight)

    def forward(self, states: Tensor, mask: Tensor) -> PairScores:
        """Prepare the scores of `states`, `(batch, tokens, input_size)`."""
        heads, tails = self.heads(states), self.tails(states)
        return PairScores(heads, tails, self.output.weight, self.bias, mask, self.diagonal)


def _initialise_as_one_layer(*halves: Tensor) -> None:
    """Start the split weights as the one layer over the concatenation that they stand for would start."""
    fan_in = sum(half.shape[1] for half in halves)
    for half in halves:
        nn.init.uniform_(half, -(fan_in**-0.5), fan_in**-0.5)


@dataclass(frozen=True)
class _Wanted:
    """What a reduction computes.

    Attributes:
        lengths: tokens of each sentence.
        annotated: `(batch,)`, whether a sentence's loss counts; None where no loss is wanted.
        diagonal: whether a token is a partner of itself.
        with_maxima: whether maxima are wanted.
    """

    lengths: list[int]
    annotated: Tensor | None
    diagonal: bool
    with_maxima: bool


class _Reduction(torch.autograd.Function):
    """Σ softplus(z) over all pairs and labels, and max_j z_ij.

    The gradient of a sum is known up to the factor that comes from above, so without maxima each block leaves
    its share behind at once: no score outlives its block, and none is computed twice. With maxima, whose
    gradients differ from place to place, the blocks are computed again in the backward pass.
    """

    @staticmethod
    def forward(
        ctx: Any, heads: Tensor, tails: Tensor, weight: Tensor, bias: Tensor, wanted: _Wanted
    ) -> tuple[Tensor, Tensor]:
        inputs = (heads, tails, weight, bias)
        at_once = any(ctx.needs_input_grad) and not wanted.with_maxima
        gradients = _zeros(inputs) if at_once else []
        total = torch.zeros((), dtype=_wide(heads), device=heads.device)
        size = (*heads.shape[:2], len(weight)) if wanted.with_maxima else (0,)
        maxima = heads.new_full(size, NO_PARTNER)
        places = torch.zeros(size, dtype=torch.long, device=heads.device)
        for block in _blocks(heads, wanted.lengths, max(heads.shape[-1], len(weight))):
            hidden, logits = _score(block, *inputs, wanted.diagonal)
            if wanted.with_maxima:
                best, place = logits.max(dim=2)
                maxima[block.sentences, block.rows] = best.clamp_(min=NO_PARTNER)
                places[block.sentences, block.rows] = place
            if wanted.annotated is not None:
                _leave_out(logits, block, wanted.annotated)
                total += functional.softplus(logits, threshold=40).sum(dtype=total.dtype)
                if at_once:
                    _add_gradients(block, hidden, logits.sigmoid_(), weight, gradients)
        ctx.wanted, ctx.at_once = wanted, at_once
        ctx.save_for_backward(*(gradients if at_once else (*inputs, maxima, places)))
        return total, maxima

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, factor: Tensor, of_maxima: Tensor) -> tuple:
        if ctx.at_once:
            return (*(factor * gradient for gradient in ctx.saved_tensors), None)
        heads, tails, weight, bias, maxima, places = ctx.saved_tensors
        inputs = (heads, tails, weight, bias)
        gradients = _zeros(inputs)
        of_maxima = of_maxima.masked_fill(maxima <= NO_PARTNER, 0.0)
        for block in _blocks(heads, ctx.wanted.lengths, max(heads.shape[-1], len(weight))):
            hidden, logits = _score(block, *inputs, ctx.wanted.diagonal)
            if ctx.wanted.annotated is not None:
                _leave_out(logits, block, ctx.wanted.annotated)
                of_logits = logits.sigmoid_().mul_(factor)
            else:
                of_logits = logits.zero_()
            place = places[block.sentences, block.rows].unsqueeze(2)
            of_best = of_maxima[block.sentences, block.rows].unsqueeze(2).to(of_logits.dtype)
            of_logits.scatter_add_(2, place, of_best)
            _add_gradients(block, hidden, of_logits, weight, gradients)
        return (*gradients, None)


def _zeros(inputs: Sequence[Tensor]) -> list[Tensor]:
    """A place for the gradient of each input, in which sums over many blocks lose nothing."""
    return [torch.zeros_like(tensor, dtype=_wide(tensor)) for tensor in inputs]


def _wide(tensor: Tensor) -> torch.dtype:
    return torch.promote_types(tensor.dtype, torch.float32)


@dataclass(frozen=True)
class _Block:
    """Some rows (head tokens) of some sentences against all their tails; `real` is None if all are real."""

    sentences: slice
    rows: slice
    tails: slice
    real: Tensor | None


def _blocks(heads: Tensor, lengths: list[int], width: int) -> Iterator[_Block]:
    """Cut a batch: sentence by sentence on a processor, all sentences together on a GPU."""
    if heads.device.type == "cpu":
        for number, length in enumerate(lengths):
            for rows in _rows(length, length * width, BLOCK_ELEMENTS):
                yield _Block(slice(number, number + 1), rows, slice(0, length), None)
        return
    size = max(lengths, default=0)
    real = torch.arange(size, device=heads.device) < torch.tensor(lengths, device=heads.device).unsqueeze(1)
    for rows in _rows(size, len(lengths) * size * width, BLOCK_ELEMENTS_GPU):
        yield _Block(slice(None), rows, slice(0, size), real[:, rows, None] & real[:, None, :])


def _rows(length: int, elements_a_row: int, limit: int) -> Iterator[slice]:
    """Cut `length` rows so that a block stays below `limit` elements, or has one row."""
    rows = max(1, limit // max(1, elements_a_row))
    return (slice(start, min(length, start + rows)) for start in range(0, length, rows))


def _score(
    block: _Block, heads: Tensor, tails: Tensor, weight: Tensor, bias: Tensor, diagonal: bool
) -> tuple[Tensor, Tensor]:
    """The inner layer and the logits of a block, `(sentences, rows, tails, …)`; -inf where there is no pair."""
    row = heads[block.sentences, block.rows].unsqueeze(2)  # (sentences, rows, 1, hidden)
    partner = tails[block.sentences, block.tails].unsqueeze(1)  # (sentences, 1, tails, hidden)
    hidden = (row + partner).relu_()
    logits = functional.linear(hidden, weight, bias)
    if block.real is not None:
        logits.masked_fill_(~block.real.unsqueeze(-1), float("-inf"))
    if not diagonal:
        logits.diagonal(offset=block.rows.start, dim1=1, dim2=2).fill_(float("-inf"))
    return hidden, logits


def _leave_out(logits: Tensor, block: _Block, annotated: Tensor) -> None:
    """Let sentences whose loss does not count score nothing."""
    counts = annotated[block.sentences]
    if not counts.all():
        logits.masked_fill_(~counts[:, None, None, None], float("-inf"))


def _add_gradients(
    block: _Block, hidden: Tensor, of_logits: Tensor, weight: Tensor, gradients: list[Tensor]
) -> None:
    """Add a block's share to the gradients of heads, tails, weight and bias, in place."""
    of_heads, of_tails, of_weight, of_bias = gradients
    of_hidden = torch.ops.aten.threshold_backward(of_logits @ weight, hidden, 0)
    of_heads[block.sentences, block.rows] += of_hidden.sum(dim=2)
    of_tails[block.sentences, block.tails] += of_hidden.sum(dim=1)
    flat = of_logits.flatten(0, 2)
    of_weight += flat.T @ hidden.flatten(0, 2)
    of_bias += flat.sum(dim=0)
