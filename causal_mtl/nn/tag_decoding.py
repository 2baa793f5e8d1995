"""The best well-formed sequence of tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

FORBIDDEN = -1e4


class Transitions(Protocol):
    """Which tag may follow which: indices into the tags."""

    @property
    def pairs(self) -> set[tuple[int, int]]:
        """Those that may follow each other."""

    @property
    def start(self) -> set[int]:
        """Those that may be first."""

    @property
    def end(self) -> set[int]:
        """Those that may be last."""


def best_paths(log_probabilities: Tensor, lengths: Sequence[int], transitions: Transitions) -> Tensor:
    """Viterbi over independent tag probabilities under hard transitions.

    Args:
        log_probabilities: `(batch, tokens, tags)`.
        lengths: real tokens of each sentence.
        transitions: the allowed pairs, first and last tags.

    Returns:
        Tag indices, `(batch, tokens)`; 0 after a sentence's end.
    """
    _, tokens, tags = log_probabilities.shape
    transition = torch.full((tags, tags), FORBIDDEN)
    for before, after in transitions.pairs:
        transition[before, after] = 0.0
    start, end = _penalty(tags, transitions.start), _penalty(tags, transitions.end)
    last = torch.as_tensor(lengths) - 1

    best = log_probabilities[:, 0] + start
    pointers = []
    for position in range(1, tokens):
        best_before, pointer = (best.unsqueeze(2) + transition).max(dim=1)  # over the tag before
        beyond = (position > last).unsqueeze(1)  # a finished sentence keeps its scores and tags
        pointers.append(torch.where(beyond, torch.arange(tags), pointer))
        best = torch.where(beyond, best, best_before + log_probabilities[:, position])

    tag = (best + end).argmax(dim=1)
    path = [tag]
    for pointer in reversed(pointers):
        tag = pointer.gather(1, tag.unsqueeze(1)).squeeze(1)
        path.append(tag)
    paths = torch.stack(path[::-1], dim=1)
    return paths.masked_fill(torch.arange(tokens) > last.unsqueeze(1), 0)


def _penalty(tags: int, allowed: set[int]) -> Tensor:
    penalty = torch.full((tags,), FORBIDDEN)
    penalty[sorted(allowed)] = 0.0
    return penalty
