"""Inference by an average over labels."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import ClassVar

import torch
from torch import Tensor

from causal_mtl.common import PositiveInt
from causal_mtl.nn.inference.distribution import Branches, Distribution
from causal_mtl.nn.inference.inference import Inference
from causal_mtl.nn.inference.noise import Noise
from causal_mtl.nn.labels import log_probability, probabilities
from causal_mtl.nn.wide import wide_type, widened


@Inference.register("marginal")
class Marginal(Inference):
    """p(b | X) = Σ_a p(a | X) p(b | X, a). Registered as an `Inference` with name "marginal".

    Labels of texts are listed, all combinations of all tasks that hand them on, while these are at most `budget`:
    K for a task with one of K labels, 2^m for one with any of m labels. From the first task on that would have
    more, or that labels tokens, labels are drawn from their distributions given what was handed on before. Of
    combinations that were listed until then `draws` are chosen by their probabilities, a likely one many times,
    and each goes on with one draw. What the listed tasks and the first drawn one predict stays an exact sum. A
    position's labels are drawn on their own; of pairs as they are seen at a token (`Head.label_logits`).

    Args:
        budget: how many combinations are listed.
        draws: how many combinations are drawn where not all are listed.
        seed: of the draws. A text has the same draws whatever texts are predicted with it.
    """

    averages: ClassVar[bool] = True

    def __init__(self, budget: PositiveInt = 256, draws: PositiveInt = 32, seed: int = 0) -> None:
        self.budget = budget
        self.draws = draws
        self.seed = seed

    def branch(self, distribution: Distribution, noise: Noise) -> Branches:
        """All labels with their probabilities, or draws of equal weight."""
        if not self.draws_from(distribution):
            return _list(distribution)
        if distribution.listed and distribution.total > 1:
            return self._resample(distribution, noise)
        return Branches(*self._draw(distribution, noise), drawn=True)

    def draws_from(self, distribution: Distribution) -> bool:
        """Whether the labels are of tokens, or together with earlier ones too many, or earlier ones were drawn."""
        return not (distribution.listed and distribution.of_texts and self._fits(distribution))

    def _fits(self, distribution: Distribution) -> bool:
        labels = distribution.logits.shape[-1]
        combinations = labels if distribution.exclusive else 2.0 ** min(labels, 64)
        return distribution.total * combinations <= self.budget

    def _resample(self, distribution: Distribution, noise: Noise) -> Branches:
        """One draw in each of `draws` worlds, which are chosen by weight and weigh the same afterwards.

        With as many draws in each listed world, only those in the few worlds that weigh much would count.
        """
        log_weights = distribution.log_weights
        worlds = _systematic(log_weights, self.draws, noise.offsets(distribution))
        texts = torch.arange(worlds.shape[1], device=worlds.device)
        own = log_weights[worlds, texts]
        chosen = replace(
            distribution,
            logits=distribution.logits[worlds, texts],
            log_weights=own,
            total=self.draws,
            listed=False,
        )
        labels, shares = self._draw(chosen, noise)
        # Detached, as the gradient must be that of the weight by which a world was chosen, Σ_w ∇p(w) f(w).
        equal = (log_weights.logsumexp(dim=0) - math.log(self.draws) - own).detach()
        return Branches(labels, shares + equal, drawn=True, worlds=worlds)

    def _draw(self, distribution: Distribution, noise: Noise) -> tuple[Tensor, Tensor]:
        """Labels, `(worlds · copies, batch, positions, labels)`, and the log of their shares of their worlds."""
        copies = max(1, math.ceil(self.draws / distribution.total))
        logits = distribution.logits.repeat_interleave(copies, dim=0)
        width = 1 if distribution.exclusive else logits.shape[-1]
        uniform = noise.draw(distribution, copies, width).to(logits.device)
        labels = _at(uniform, logits, distribution.exclusive)
        shares = logits.new_full(logits.shape[:2], -math.log(copies), dtype=wide_type(logits))
        if logits.requires_grad:
            # A draw's share is 1 / copies whatever its probability, but its gradient must be that of p(a | X).
            log_p = log_probability(logits, labels, distribution.exclusive)
            log_p = torch.where(distribution.mask, log_p, 0.0).sum(dim=-1)
            shares = shares + log_p - log_p.detach()
        return labels, shares


def _list(distribution: Distribution) -> Branches:
    """Every label of each world."""
    logits, exclusive = distribution.logits, distribution.exclusive
    worlds, batch, _, size = logits.shape
    options = torch.eye(size) if exclusive else torch.tensor(list(product([0.0, 1.0], repeat=size)))
    options = options.to(logits)
    log_p = log_probability(logits, options[:, None, None, None], exclusive)  # (options, worlds, batch, 1)
    labels = options[None, :, None, None].expand(worlds, -1, batch, 1, -1)
    return Branches(labels.flatten(0, 1), log_p.squeeze(-1).transpose(0, 1).flatten(0, 1))


def _systematic(log_weights: Tensor, draws: int, offsets: Tensor) -> Tensor:
    """Worlds by weight, `(draws, batch)`: one of weight p of 1 occurs ⌊draws · p⌋ or ⌈draws · p⌉ times.

    Args:
        log_weights: `(worlds, batch)`.
        draws: how many.
        offsets: uniform, `(batch,)`; on average over these a world occurs draws · p times.
    """
    weights = log_weights.detach().double().softmax(dim=0).T.contiguous()
    bounds = weights.cumsum(dim=1)
    bounds = bounds / bounds[:, -1:]  # the last is exactly 1, so that no number is beyond it
    steps = torch.arange(draws, dtype=torch.double, device=bounds.device)
    numbers = (steps + offsets.to(bounds).unsqueeze(1)) / draws
    # Right: a world of weight 0 is not chosen, even by the number 0. Weights that are not finite get the last.
    return torch.searchsorted(bounds, numbers, right=True).clamp(max=len(log_weights) - 1).T


def _at(uniform: Tensor, logits: Tensor, exclusive: bool) -> Tensor:
    """Where the cumulative distribution passes `uniform`, `(worlds, batch, positions, 1 or labels)`."""
    p = probabilities(widened(logits.detach()), exclusive)
    if not exclusive:
        return (uniform < p).to(logits.dtype)
    label = (uniform > p.cumsum(dim=-1)).sum(dim=-1).clamp(max=logits.shape[-1] - 1)
    return torch.nn.functional.one_hot(label, logits.shape[-1]).to(logits.dtype)
