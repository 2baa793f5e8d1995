"""Inference by an average over labels."""

from __future__ import annotations

import math
from itertools import product
from typing import ClassVar

import torch
from torch import Tensor

from causal_mtl.common import PositiveInt
from causal_mtl.nn.inference.distribution import Branches, Distribution
from causal_mtl.nn.inference.inference import Inference
from causal_mtl.nn.inference.noise import Noise
from causal_mtl.nn.labels import log_probability, probabilities


@Inference.register("marginal")
class Marginal(Inference):
    """p(b | X) = Σ_a p(a | X) p(b | X, a). Registered as an `Inference` with name "marginal".

    Labels of texts are listed, all combinations of all tasks that hand them on, while these are at most `budget`:
    K for a task with one of K labels, 2^m for one with any of m labels. From the first task on that would have
    more, or that labels tokens, labels are drawn from their distributions given what was handed on before. A
    position's labels are drawn on their own; of pairs as they are seen at a token (`Head.label_logits`).

    Args:
        budget: how many combinations are listed.
        draws: how many are drawn at least; if `n` are listed already, ⌈draws / n⌉ for each.
        seed: of the draws. A text has the same draws whatever texts are predicted with it.
    """

    averages: ClassVar[bool] = True

    def __init__(self, budget: PositiveInt = 256, draws: PositiveInt = 32, seed: int = 0) -> None:
        self.budget = budget
        self.draws = draws
        self.seed = seed

    def branch(self, distribution: Distribution, noise: Noise) -> Branches:
        """All labels with their probabilities, or draws of equal weight."""
        if distribution.listed and distribution.of_texts and self._fits(distribution):
            return _list(distribution)
        return self._draw(distribution, noise)

    def _fits(self, distribution: Distribution) -> bool:
        labels = distribution.logits.shape[-1]
        combinations = labels if distribution.exclusive else 2.0 ** min(labels, 64)
        return distribution.total * combinations <= self.budget

    def _draw(self, distribution: Distribution, noise: Noise) -> Branches:
        copies = max(1, math.ceil(self.draws / distribution.total))
        logits = distribution.logits.repeat_interleave(copies, dim=0)
        width = 1 if distribution.exclusive else logits.shape[-1]
        uniform = noise.draw(distribution, copies, width).to(logits.device)
        labels = _at(uniform, logits, distribution.exclusive)
        wide = torch.promote_types(logits.dtype, torch.float32)
        shares = logits.new_full(logits.shape[:2], -math.log(copies), dtype=wide)
        if logits.requires_grad:
            # A draw's share is 1 / copies whatever its probability, but its gradient must be that of p(a | X).
            log_p = log_probability(logits, labels, distribution.exclusive)
            log_p = torch.where(distribution.mask, log_p, 0.0).sum(dim=-1)
            shares = shares + log_p - log_p.detach()
        return Branches(labels, shares, drawn=True)


def _list(distribution: Distribution) -> Branches:
    """Every label of each world."""
    logits, exclusive = distribution.logits, distribution.exclusive
    worlds, batch, _, size = logits.shape
    options = torch.eye(size) if exclusive else torch.tensor(list(product([0.0, 1.0], repeat=size)))
    options = options.to(logits)
    log_p = log_probability(logits, options[:, None, None, None], exclusive)  # (options, worlds, batch, 1)
    labels = options[None, :, None, None].expand(worlds, -1, batch, 1, -1)
    return Branches(labels.flatten(0, 1), log_p.squeeze(-1).transpose(0, 1).flatten(0, 1))


def _at(uniform: Tensor, logits: Tensor, exclusive: bool) -> Tensor:
    """Where the cumulative distribution passes `uniform`, `(worlds, batch, positions, 1 or labels)`."""
    p = probabilities(logits.detach().to(torch.promote_types(logits.dtype, torch.float32)), exclusive)
    if not exclusive:
        return (uniform < p).to(logits.dtype)
    label = (uniform > p.cumsum(dim=-1)).sum(dim=-1).clamp(max=logits.shape[-1] - 1)
    return torch.nn.functional.one_hot(label, logits.shape[-1]).to(logits.dtype)
