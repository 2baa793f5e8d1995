"""Some pairs at a time: how a batch is cut, and the scores of a cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

BLOCK_ELEMENTS = 1 << 20
"""Elements of the largest tensor of a block: small enough for a processor's cache."""
BLOCK_ELEMENTS_GPU = 1 << 26
"""The same on a GPU, which wants few large blocks."""


@dataclass(frozen=True)
class Block:
    """Some rows (head tokens) of some sentences against all their tails; `real` is None if all are real."""

    sentences: slice
    rows: slice
    tails: slice
    real: Tensor | None


def blocks(heads: Tensor, lengths: list[int], width: int) -> Iterator[Block]:
    """Cut a batch: sentence by sentence on a processor, all sentences together on a GPU."""
    if heads.device.type == "cpu":
        for number, length in enumerate(lengths):
            for rows in _rows(length, length * width, BLOCK_ELEMENTS):
                yield Block(slice(number, number + 1), rows, slice(0, length), None)
        return
    size = max(lengths, default=0)
    real = torch.arange(size, device=heads.device) < torch.tensor(lengths, device=heads.device).unsqueeze(1)
    for rows in _rows(size, len(lengths) * size * width, BLOCK_ELEMENTS_GPU):
        yield Block(slice(None), rows, slice(0, size), real[:, rows, None] & real[:, None, :])


def _rows(length: int, elements_a_row: int, limit: int) -> Iterator[slice]:
    """Cut `length` rows so that a block stays below `limit` elements, or has one row."""
    rows = max(1, limit // max(1, elements_a_row))
    return (slice(start, min(length, start + rows)) for start in range(0, length, rows))


def score(
    block: Block, heads: Tensor, tails: Tensor, weight: Tensor, bias: Tensor, diagonal: bool
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
