"""Where states stand, and from the states of tokens to one state of the text."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

Level = Literal["tokens", "text"]
"""States stand at each token, or one stands for the whole text."""


def max_over_tokens(states: Tensor, mask: Tensor) -> Tensor:
    """The maximum of each dimension over real tokens, `(batch, size)`: CMTL eq. 16.

    Args:
        states: `(batch, tokens, size)`.
        mask: True at real tokens, `(batch, tokens)`; each sentence has at least one.
    """
    return states.masked_fill(~mask.unsqueeze(-1), float("-inf")).amax(dim=1)
