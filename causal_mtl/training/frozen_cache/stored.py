"""Batches of features that are read from a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from causal_mtl.training.frozen_cache.sentences import Sentences
from causal_mtl.training.frozen_cache.table import Table


class StoredFeatures:
    """Stands in for a token indexer: hands out features in place of what they are computed from.

    Args:
        table: of the features; only what a batch needs is read.
        sentences: whose they are.
    """

    def __init__(self, table: Table, sentences: Sentences) -> None:
        self._table, self._num_tokens = table, sentences.num_tokens
        self._starts, self._dropped = sentences.starts, sentences.dropped
        self._first = np.cumsum(self._num_tokens) - self._num_tokens

    def __call__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Of these sentences ``features``, ``(batch, tokens, *shape)``, and ``dropped``, ``(batch, tokens)``."""
        lengths = self._num_tokens[list(indices)]
        features = np.zeros((len(lengths), lengths.max(), *self._table.rows.shape[1:]), dtype=np.float16)
        dropped = np.zeros(features.shape[:2], dtype=bool)
        for row, (index, length) in enumerate(zip(indices, lengths, strict=True)):
            start, first = self._starts[index], self._first[index]
            features[row, :length] = self._table.rows[start : start + length]
            dropped[row, :length] = self._dropped[first : first + length]
        return {"features": torch.from_numpy(features), "dropped": torch.from_numpy(dropped)}
