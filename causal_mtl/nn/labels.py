"""From logits to labels as other tasks see them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def most_likely(logits: Tensor, exclusive: bool) -> Tensor:
    """The arg-max one-hot, or 1 for labels whose probability is above one half; `(…, labels)` -> the same."""
    if exclusive:
        return nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
    return (logits > 0).to(logits.dtype)


def probabilities(logits: Tensor, exclusive: bool) -> Tensor:
    """Softmax over labels that exclude each other, else σ of each; `(…, labels)` -> the same."""
    return logits.softmax(dim=-1) if exclusive else torch.sigmoid(logits)


def logits_of(probability: Tensor, exclusive: bool) -> Tensor:
    """What `probabilities` makes these probabilities of; infinite where one is 0 or 1."""
    return probability.log() if exclusive else probability.logit()


def log_probability(logits: Tensor, labels: Tensor, exclusive: bool) -> Tensor:
    """Of labels at each position.

    Args:
        logits: `(…, labels)`.
        labels: one-hot or k-hot, of a shape that broadcasts with that of `logits`.
        exclusive: whether exactly one label holds at a position.

    Returns:
        The shape of both without its last dimension.
    """
    holds = labels > 0.5
    if exclusive:
        return torch.where(holds, logits.log_softmax(dim=-1), 0.0).sum(dim=-1)
    signed = torch.where(holds, logits, -logits)
    return nn.functional.logsigmoid(signed).sum(dim=-1)
