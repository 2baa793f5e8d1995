"""Which pair around a token scores best: how labels of spans look from a token."""

from __future__ import annotations

import torch
from torch import Tensor

from causal_mtl.nn.pair_scorer.blocks import below, blocks, score


@torch.no_grad()
def best_covering(heads: Tensor, tails: Tensor, weight: Tensor, bias: Tensor, lengths: list[int]) -> Tensor:
    """The cell with the highest score among those with head ≤ token ≤ tail, for each token and label.

    Args:
        heads: `(batch, tokens, hidden)`.
        tails: `(batch, tokens, hidden)`.
        weight: `(labels, hidden)`.
        bias: `(labels,)`.
        lengths: tokens of each sentence.

    Returns:
        Cells, `(batch, tokens, labels, 4)`: sentence, head, tail, label; head and tail are 0 at padding.
    """
    batch, tokens, _ = heads.shape
    size = (batch, tokens, len(weight))
    best = heads.new_full(size, float("-inf"))
    best_head, best_tail = (torch.zeros(size, dtype=torch.long, device=heads.device) for _ in range(2))
    for block in blocks(heads, weight, lengths, "upper"):
        _, logits = score(block, heads, tails, weight, bias, "upper")
        value, head, tail = _best_of_block(logits)
        here = block.sentences, block.tails
        better = value > best[here]
        best[here] = torch.where(better, value, best[here])
        best_head[here] = torch.where(better, head + block.rows.start, best_head[here])
        best_tail[here] = torch.where(better, tail + block.tails.start, best_tail[here])
    sentence = torch.arange(batch, device=heads.device)[:, None, None].expand(size)
    label = torch.arange(len(weight), device=heads.device).expand(size)
    return torch.stack([sentence, best_head, best_tail, label], dim=-1)


def _best_of_block(logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The best score of the pairs around each tail of a block, `(sentences, tails, labels)`, and their places."""
    # From the right: the best tail at or behind each position; then the best row at or before it.
    value, from_right = logits.flip(2).cummax(dim=2)
    value, tail = value.flip(2), logits.shape[2] - 1 - from_right.flip(2)
    value = value.masked_fill(below(logits).unsqueeze(-1), float("-inf"))
    value, row = value.max(dim=1)
    return value, row, tail.gather(1, row.unsqueeze(1)).squeeze(1)
