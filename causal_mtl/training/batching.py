"""How many sentences go together: the settings that a config calls ``data_loader``."""

from __future__ import annotations

from collections.abc import Sequence

from causal_mtl.common import FromParams, PositiveInt
from causal_mtl.data.batching import batches


class Batching(FromParams):
    """Batches of similar length, a pure function of (seed, epoch).

    Args:
        batch_size: at most so many sentences per batch (32 if `max_tokens` is not given either).
        max_tokens: at most so many tokens per batch, padding counted; word pieces where a token indexer makes
            them (`pretrained_transformer`).
    """

    def __init__(self, batch_size: PositiveInt | None = None, max_tokens: PositiveInt | None = None) -> None:
        self.batch_size = 32 if batch_size is None and max_tokens is None else batch_size
        self.max_tokens = max_tokens

    def training(self, lengths: Sequence[int], seed: int, epoch: int) -> list[list[int]]:
        """The shuffled batches of an epoch (from 1)."""
        return batches(
            lengths, batch_size=self.batch_size, max_tokens=self.max_tokens, seed=seed, epoch=epoch - 1
        )

    def evaluation(self, lengths: Sequence[int]) -> list[list[int]]:
        """Batches in an order that never changes."""
        return batches(lengths, batch_size=self.batch_size, max_tokens=self.max_tokens, shuffle=False)
