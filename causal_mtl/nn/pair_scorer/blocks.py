"""Some pairs at a time: how a batch is cut, and the scores of a cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Domain = Literal["all", "off_diagonal", "upper"]
"""The pairs that are scored: all ordered ones, those of two different tokens, or those whose head is not behind
their tail (spans, as pairs of their first and last word)."""

BLOCK_ELEMENTS = 1 << 18
"""Elements of the largest tensor of a block: one megabyte, which a core's own cache holds."""
BLOCK_ELEMENTS_GPU = 1 << 26
"""The same on a GPU, which wants few large blocks."""


@dataclass(frozen=True)
class Block:
    """Some rows (head tokens) of some sentences against tails of theirs; `real` is None if all are real."""

    sentences: slice
    rows: slice
    tails: slice
    real: Tensor | None


def blocks(heads: Tensor, weight: Tensor, lengths: list[int], domain: Domain) -> Iterator[Block]:
    """Cut a batch: on a processor some sentences of one length at a time, on a GPU all sentences together."""
    width = max(weight.shape)
    if heads.device.type == "cpu":
        for sentences, length in _of_one_length(lengths, width):
            for rows in _rows(length, (sentences.stop - sentences.start) * length * width, BLOCK_ELEMENTS):
                yield Block(sentences, rows, _tails(rows, length, domain), None)
        return
    size = max(lengths, default=0)
    real = torch.arange(size, device=heads.device) < torch.tensor(lengths, device=heads.device).unsqueeze(1)
    for rows in _rows(size, len(lengths) * size * width, BLOCK_ELEMENTS_GPU):
        tails = _tails(rows, size, domain)
        yield Block(slice(None), rows, tails, real[:, rows, None] & real[:, None, tails])


def _of_one_length(lengths: list[int], width: int) -> Iterator[tuple[slice, int]]:
    """Neighbours of one length, as many as a block may hold: of short sentences alone most time is calls."""
    start = 0
    while start < len(lengths):
        length = lengths[start]
        most = max(1, BLOCK_ELEMENTS // max(1, length**2 * width))
        end = start + 1
        while end < min(start + most, len(lengths)) and lengths[end] == length:
            end += 1
        yield slice(start, end), length
        start = end


def _tails(rows: slice, length: int, domain: Domain) -> slice:
    """The tails that any of `rows` has a pair with."""
    return slice(rows.start if domain == "upper" else 0, length)


def _rows(length: int, elements_a_row: int, limit: int) -> Iterator[slice]:
    """Cut `length` rows so that a block stays below `limit` elements, or has one row."""
    rows = max(1, limit // max(1, elements_a_row))
    return (slice(start, min(length, start + rows)) for start in range(0, length, rows))


def pieces(items: Tensor, weight: Tensor) -> Iterable[Tensor]:
    """Cut a list of pairs, or whatever has an inner layer and logits each, into what a block may hold."""
    limit = BLOCK_ELEMENTS if items.device.type == "cpu" else BLOCK_ELEMENTS_GPU
    return items.split(max(1, limit // max(weight.shape)))


def inner_layer(block: Block, heads: Tensor, tails: Tensor) -> Tensor:
    """`relu(U h_i + V h_j)` of a block, `(sentences, rows, tails, hidden)`."""
    row = heads[block.sentences, block.rows].unsqueeze(2)  # (sentences, rows, 1, hidden)
    partner = tails[block.sentences, block.tails].unsqueeze(1)  # (sentences, 1, tails, hidden)
    return (row + partner).relu_()


def score(
    block: Block, heads: Tensor, tails: Tensor, weight: Tensor, bias: Tensor, domain: Domain
) -> tuple[Tensor, Tensor]:
    """The inner layer and the logits of a block, `(sentences, rows, tails, …)`; -inf where there is no pair."""
    hidden = inner_layer(block, heads, tails)
    logits = functional.linear(hidden, weight, bias)
    if block.real is not None:
        logits.masked_fill_(~block.real.unsqueeze(-1), float("-inf"))
    if domain == "off_diagonal":
        logits.diagonal(offset=block.rows.start, dim1=1, dim2=2).fill_(float("-inf"))
    elif domain == "upper":
        logits.masked_fill_(below(logits).unsqueeze(-1), float("-inf"))
    return hidden, logits


def below(logits: Tensor) -> Tensor:
    """Where the head is behind the tail, `(rows, tails)`, in a block of the upper domain."""
    return torch.ones(logits.shape[1:3], dtype=torch.bool, device=logits.device).tril(-1)


def inside(pairs: Tensor, domain: Domain) -> Tensor:
    """Which of `pairs`, `(pairs, 3 or more)`: sentence, head, tail, …, lie in `domain`."""
    head, tail = pairs[:, 1], pairs[:, 2]
    if domain == "off_diagonal":
        return head != tail
    return head <= tail if domain == "upper" else torch.ones_like(head, dtype=torch.bool)


def number_of_pairs(length: int, domain: Domain) -> int:
    """Of a sentence of `length` tokens."""
    if domain == "upper":
        return length * (length + 1) // 2
    return length * (length - (domain == "off_diagonal"))
