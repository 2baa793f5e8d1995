"""Which pair around a token scores best: how labels of spans look from a token."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from causal_mtl.nn.pair_scorer.blocks import Block, below


def best_covering(
    scored: Iterable[tuple[Block, Tensor]], size: tuple[int, int, int], device: torch.device
) -> Tensor:
    """The cell with the highest score among those with head ≤ token ≤ tail, for each token and label.

    Args:
        scored: the blocks of the upper domain with their logits, `(sentences, rows, tails, labels)`.
        size: sentences, tokens and labels.
        device: of the logits.

    Returns:
        Cells, `(batch, tokens, labels, 4)`: sentence, head, tail, label; head and tail are 0 at padding.
    """
    best = torch.full(size, float("-inf"), dtype=torch.float64, device=device)
    best_head, best_tail = (torch.zeros(size, dtype=torch.long, device=device) for _ in range(2))
    for block, logits in scored:
        value, head, tail = _best_of_block(logits)
        here = block.sentences, block.tails
        better = value > best[here]
        best[here] = torch.where(better, value.to(best.dtype), best[here])
        best_head[here] = torch.where(better, head + block.rows.start, best_head[here])
        best_tail[here] = torch.where(better, tail + block.tails.start, best_tail[here])
    sentence = torch.arange(size[0], device=device)[:, None, None].expand(size)
    label = torch.arange(size[2], device=device).expand(size)
    return torch.stack([sentence, best_head, best_tail, label], dim=-1)


def _best_of_block(logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The best score of the pairs around each tail of a block, `(sentences, tails, labels)`, and their places."""
    # From the right: the best tail at or behind each position; then the best row at or before it.
    value, from_right = logits.flip(2).cummax(dim=2)
    value, tail = value.flip(2), logits.shape[2] - 1 - from_right.flip(2)
    value = value.masked_fill(below(logits).unsqueeze(-1), float("-inf"))
    value, row = value.max(dim=1)
    return value, row, tail.gather(1, row.unsqueeze(1)).squeeze(1)
