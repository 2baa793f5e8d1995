"""What training needs of all scores, and its gradient, from blocks that are dropped at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from causal_mtl.nn.pair_scorer.blocks import Block, Domain, blocks, score

NO_PARTNER = -1e4
"""The highest score of a token that has no partner: finite, so that no gradient becomes NaN."""


@dataclass(frozen=True)
class Wanted:
    """What a reduction computes.

    Attributes:
        lengths: tokens of each sentence.
        annotated: `(batch,)`, whether a sentence's loss counts; None where no loss is wanted.
        domain: the pairs that are scored.
        with_maxima: whether maxima are wanted.
    """

    lengths: list[int]
    annotated: Tensor | None
    domain: Domain
    with_maxima: bool


class Reduction(torch.autograd.Function):
    """Σ softplus(z) over all pairs and labels, and max_j z_ij.

    The gradient of a sum is known up to the factor that comes from above, so without maxima each block leaves
    its share behind at once: no score outlives its block, and none is computed twice. With maxima, whose
    gradients differ from place to place, the blocks are computed again in the backward pass.
    """

    @staticmethod
    def forward(
        ctx: Any, heads: Tensor, tails: Tensor, weight: Tensor, bias: Tensor, wanted: Wanted
    ) -> tuple[Tensor, Tensor]:
        """The sum, and the maxima `(batch, tokens, labels)` if they are wanted."""
        inputs = (heads, tails, weight, bias)
        with_gradient = any(ctx.needs_input_grad)
        at_once = with_gradient and not wanted.with_maxima
        gradients = _zeros(inputs) if at_once else []
        total = torch.zeros((), dtype=_wide(heads), device=heads.device)
        size = (*heads.shape[:2], len(weight)) if wanted.with_maxima else (0,)
        maxima = heads.new_full(size, NO_PARTNER)
        places = torch.zeros(size, dtype=torch.long, device=heads.device)
        for block in blocks(heads, weight, wanted.lengths, wanted.domain):
            hidden, logits = score(block, *inputs, wanted.domain)
            if wanted.with_maxima:
                here = block.sentences, block.rows
                if with_gradient:
                    maxima[here], places[here] = logits.max(dim=2)
                else:  # the place, which only the gradient needs, takes seven times as long
                    maxima[here] = logits.amax(dim=2)
            if wanted.annotated is not None:
                _leave_out(logits, block, wanted.annotated)
                total += functional.softplus(logits, threshold=40).sum(dtype=total.dtype)
                if at_once:
                    _add_gradients(block, hidden, logits.sigmoid_(), weight, gradients)
        maxima.clamp_(min=NO_PARTNER)
        ctx.wanted, ctx.at_once = wanted, at_once
        ctx.save_for_backward(*(gradients if at_once else (*inputs, maxima, places)))
        return total, maxima

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, factor: Tensor, of_maxima: Tensor) -> tuple:
        """The gradients of heads, tails, weight and bias."""
        if ctx.at_once:
            return (*(factor * gradient for gradient in ctx.saved_tensors), None)
        wanted: Wanted = ctx.wanted
        heads, tails, weight, bias, maxima, places = ctx.saved_tensors
        inputs = (heads, tails, weight, bias)
        gradients = _zeros(inputs)
        of_maxima = of_maxima.masked_fill(maxima <= NO_PARTNER, 0.0)
        for block in blocks(heads, weight, wanted.lengths, wanted.domain):
            hidden, logits = score(block, *inputs, wanted.domain)
            if wanted.annotated is not None:
                _leave_out(logits, block, wanted.annotated)
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


def _leave_out(logits: Tensor, block: Block, annotated: Tensor) -> None:
    """Let sentences whose loss does not count score nothing."""
    counts = annotated[block.sentences]
    if not counts.all():
        logits.masked_fill_(~counts[:, None, None, None], float("-inf"))


def _add_gradients(
    block: Block, hidden: Tensor, of_logits: Tensor, weight: Tensor, gradients: list[Tensor]
) -> None:
    """Add a block's share to the gradients of heads, tails, weight and bias, in place."""
    of_heads, of_tails, of_weight, of_bias = gradients
    of_hidden = torch.ops.aten.threshold_backward(of_logits @ weight, hidden, 0)
    of_heads[block.sentences, block.rows] += of_hidden.sum(dim=2)
    of_tails[block.sentences, block.tails] += of_hidden.sum(dim=1)
    flat = of_logits.flatten(0, 2)
    of_weight += flat.T @ hidden.flatten(0, 2)
    of_bias += flat.sum(dim=0)
