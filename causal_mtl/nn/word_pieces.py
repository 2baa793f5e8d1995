"""From vectors of word pieces to vectors of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

Pooling = Literal["first", "mean"]


def pool_pieces(hidden: Tensor, places: Tensor, tokens: Tensor, number: int, pooling: Pooling) -> Tensor:
    """The vectors of tokens, ``(number, …)``; 0 for a token without pieces.

    Args:
        hidden: vectors at all places of all windows, ``(places, …)``.
        places: of the pieces that are read, ``(pieces,)``.
        tokens: of these pieces, ascending, ``(pieces,)``.
        number: of tokens in all.
        pooling: "first" piece or "mean" of all pieces of a token.
    """
    vectors = hidden.new_zeros(number, *hidden.shape[1:])
    if pooling == "first":
        first = torch.ones_like(tokens, dtype=torch.bool)
        first[1:] = tokens[1:] != tokens[:-1]
        return vectors.index_copy(0, tokens[first], hidden[places[first]])
    counts = torch.bincount(tokens, minlength=number).clamp(min=1)
    sums = vectors.index_add(0, tokens, hidden[places])
    return sums / counts.view(-1, *[1] * (hidden.dim() - 1))


def alike(lengths: Sequence[int], waste: float, most: int | None = None) -> list[list[int]]:
    """Rows of similar length together, the longest first; padding is at most `waste` times what is real.

    Args:
        lengths: of the rows.
        waste: 0: only rows of one length go together.
        most: so many places in a group at most, padding counted, unless a single row has more.
    """
    groups: list[list[int]] = []
    real = 0
    for row in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        real += lengths[row]
        places = lengths[groups[-1][0]] * (len(groups[-1]) + 1) if groups else 0
        if not groups or places > (1 + waste) * real or (most is not None and places > most):
            groups.append([])
            real = lengths[row]
        groups[-1].append(row)
    return groups


def without_pieces(tokens: Tensor, mask: Tensor) -> Tensor:
    """The real tokens that have no piece, ``(batch, tokens)``.

    Args:
        tokens: of each piece, counted over the whole batch, ``(pieces,)``.
        mask: True at real tokens, ``(batch, tokens)``.
    """
    return mask & (torch.bincount(tokens, minlength=mask.numel()) == 0).view(mask.shape)
