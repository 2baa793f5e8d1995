"""The part of a token embedder that training does not change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class FixedFeatures:
    """What a token embedder makes of a batch before any weight that is trained; it can be computed once and kept.

    An embedder that has such a part also takes what was kept: its ``forward`` then gets ``features``,
    ``(batch, tokens, *shape)`` in half precision, and ``dropped``, ``(batch, tokens)``, in place of the tensors of
    its token indexer.

    Attributes:
        source: names what computes them, for people.
        shape: of the features of one token.
        depends_on: all that they depend on besides the batch, as JSON can hold it. It can take a second.
        compute: from ``mask`` and the tensors of the token indexer to ``(batch, tokens, *shape)``; it is
            deterministic and, but for rounding, the same for a sentence whatever else is in the batch.
        dropped: from the same to the tokens that have no features, ``(batch, tokens)``.
    """

    source: str
    shape: tuple[int, ...]
    depends_on: Callable[[], dict[str, Any]]
    compute: Callable[..., Tensor]
    dropped: Callable[..., Tensor]
