"""The sentences of a loader as one embedder's features need them: what they are, in which order they are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from causal_mtl.data import batches
from causal_mtl.data.loader import Loader
from causal_mtl.nn.token_embedders import FixedFeatures

_PIECES = 4096
"""So many pieces are computed at once at most, padding counted; a sentence can have more."""


@dataclass(frozen=True)
class Sentences:
    """All sentences of a loader.

    Attributes:
        hash: the SHA-256 of what the token indexer made of them, one after another, and of `starts`.
        num_tokens: of each sentence, ``(sentences,)``.
        dropped: of all tokens, sentence after sentence, whether they have no features.
        groups: indices of sentences that are computed together, in the order in which they are kept: the longest
            first.
        starts: the row of each sentence's first token in the table.
    """

    hash: str
    num_tokens: np.ndarray
    dropped: np.ndarray
    groups: list[list[int]]
    starts: np.ndarray


def read_sentences(loader: Loader, name: str, fixed: FixedFeatures) -> Sentences:
    """Look at all sentences of `loader` once.

    Args:
        loader: of the data.
        name: of the token indexer.
        fixed: of the embedder that reads it.
    """
    digest, dropped, sizes = hashlib.sha256(), [], []
    for index, number in enumerate(loader.num_tokens):
        inputs = loader.inputs(name, [index])
        digest.update(f"{number}\n".encode())
        _update(digest, inputs)
        dropped.append(fixed.dropped(torch.ones(1, number, dtype=torch.bool), **inputs).flatten().numpy())
        sizes.append(max(number, *(tensor.numel() for tensor in inputs.values())))
    groups = batches(sizes, max_tokens=_PIECES, shuffle=False, alike=True)
    num_tokens = np.array(loader.num_tokens, dtype=np.int64)
    starts = _starts(groups, num_tokens)
    digest.update(starts.tobytes())  # a version that keeps them in another order must not read this table
    return Sentences(digest.hexdigest(), num_tokens, np.concatenate(dropped), groups, starts)


def _update(digest: Any, inputs: dict[str, Tensor]) -> None:
    for name, tensor in sorted(inputs.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().numpy())


def _starts(groups: list[list[int]], num_tokens: np.ndarray) -> np.ndarray:
    order = np.array([index for group in groups for index in group])
    starts = np.empty(len(order), dtype=np.int64)
    starts[order] = np.cumsum(num_tokens[order]) - num_tokens[order]
    return starts
