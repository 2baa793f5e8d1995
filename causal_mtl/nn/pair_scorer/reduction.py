"""What training needs of all scores, and its gradient, from blocks that are dropped at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from causal_mtl.nn.pair_scorer.blocks import Block, Domain, blocks, inner_layer, score
from causal_mtl.nn.pair_scorer.partners import best_partners, gradients_of_maxima
from causal_mtl.nn.pair_scorer.softplus import sigmoid_of, sum_of_softplus
from causal_mtl.nn.wide import wide_type, widened

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
        with_gradient: whether there will be a backward pass. `Reduction.forward` cannot tell: there
            `ctx.needs_input_grad` is True of parameters under `no_grad` too.
    """

    lengths: list[int]
    annotated: Tensor | None
    domain: Domain
    with_maxima: bool
    with_gradient: bool


class Reduction(torch.autograd.Function):
    """Σ softplus(z) over all pairs and labels, and max_j z_ij.

    The gradient of the sum is known up to the factor that comes from above, so each block leaves its share behind
    at once: no score outlives its block, and none is computed twice. Of the maxima their places are kept; their
    gradients need the inner layer again, but no scores.
    """

    @staticmethod
    def forward(
        ctx: Any, heads: Tensor, tails: Tensor, weight: Tensor, bias: Tensor, wanted: Wanted
    ) -> tuple[Tensor, Tensor]:
        """The sum, and the maxima `(batch, tokens, labels)` if they are wanted."""
        inputs = (heads, tails, weight, bias)
        gradients = _zeros(inputs) if wanted.with_gradient and wanted.annotated is not None else []
        total = torch.zeros((), dtype=wide_type(heads), device=heads.device)
        size = (*heads.shape[:2], len(weight)) if wanted.with_maxima else (0,)
        maxima = heads.new_full(size, NO_PARTNER)
        partners = torch.zeros(size if wanted.with_gradient else (0,), dtype=torch.long, device=heads.device)
        for block in blocks(heads, weight, wanted.lengths, wanted.domain):
            hidden, logits = score(block, *inputs, wanted.domain)
            here = block.sentences, block.rows
            if wanted.with_maxima:
                maxima[here] = logits.amax(dim=2)
            if wanted.annotated is not None:
                _add_loss(block, hidden, logits, weight, wanted.annotated, total, gradients)
            if wanted.with_maxima and wanted.with_gradient:
                partners[here] = best_partners(logits, maxima[here])
        maxima.clamp_(min=NO_PARTNER)
        ctx.wanted = wanted
        ctx.save_for_backward(heads, tails, weight, maxima, partners, *gradients)
        return total, maxima

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, factor: Tensor, of_maxima: Tensor) -> tuple:
        """The gradients of heads, tails, weight and bias."""
        wanted: Wanted = ctx.wanted
        heads, tails, weight, maxima, partners, *of_sum = ctx.saved_tensors
        gradients = [factor * gradient for gradient in of_sum] or _zeros((heads, tails, weight, weight[:, 0]))
        if wanted.with_maxima:
            of_maxima = of_maxima.to(wide_type(heads)).masked_fill(maxima <= NO_PARTNER, 0.0)
            inputs = [widened(tensor) for tensor in (heads, tails, weight)]
            for block in blocks(heads, weight, wanted.lengths, wanted.domain):
                _add_gradients_of_maxima(block, inputs, partners, of_maxima, gradients)
        return (*gradients, None)


def _zeros(inputs: Sequence[Tensor]) -> list[Tensor]:
    """A place for the gradient of each input, in which sums over many blocks lose nothing."""
    return [torch.zeros_like(tensor, dtype=wide_type(tensor)) for tensor in inputs]


def _add_loss(
    block: Block,
    hidden: Tensor,
    logits: Tensor,
    weight: Tensor,
    annotated: Tensor,
    total: Tensor,
    gradients: list[Tensor],
) -> None:
    """Add a block's share to the sum and, if there are any, to the gradients, in place."""
    counts = annotated[block.sentences]
    if not counts.all():
        logits = logits.masked_fill(~counts[:, None, None, None], float("-inf"))
    share, exponentials = sum_of_softplus(logits)
    total += share
    if gradients:
        _add_gradients(block, hidden, sigmoid_of(exponentials), weight, gradients)


def _add_gradients(
    block: Block, hidden: Tensor, of_logits: Tensor, weight: Tensor, gradients: list[Tensor]
) -> None:
    """Add a block's share to the gradients of heads, tails, weight and bias, in place."""
    _add_through_relu(block, of_logits.to(weight.dtype) @ weight, hidden, gradients)
    flat = _safe(of_logits.flatten(0, 2).to(weight.dtype))
    gradients[2] += flat.T @ _safe(hidden.flatten(0, 2))
    gradients[3] += of_logits.sum(dim=(0, 1, 2))


def _add_gradients_of_maxima(
    block: Block,
    inputs: Sequence[Tensor],
    partners: Tensor,
    of_maxima: Tensor,
    gradients: list[Tensor],
) -> None:
    """The same of a block's maxima, of which one score for each row and label has a gradient."""
    heads, tails, weight = inputs
    of_best = of_maxima[block.sentences, block.rows]
    hidden = inner_layer(block, heads, tails)
    of_hidden, of_weight = gradients_of_maxima(hidden, partners[block.sentences, block.rows], of_best, weight)
    _add_through_relu(block, of_hidden, hidden, gradients)
    gradients[2] += of_weight
    gradients[3] += of_best.sum(dim=(0, 1))


def _add_through_relu(block: Block, of_hidden: Tensor, hidden: Tensor, gradients: list[Tensor]) -> None:
    """Add to the gradients of heads and tails what comes to them through the inner layer."""
    of_sum = torch.ops.aten.threshold_backward(of_hidden, hidden, 0)
    of_heads, of_tails = gradients[:2]
    of_heads[block.sentences, block.rows] += of_sum.sum(dim=2, dtype=of_heads.dtype)
    of_tails[block.sentences, block.tails] += of_sum.sum(dim=1, dtype=of_tails.dtype)


def _safe(tensor: Tensor) -> Tensor:
    """A factor of a product that sums over pairs: such a sum may leave the range of fp16."""
    return tensor.float() if tensor.dtype == torch.float16 else tensor
