"""The best partner of each token for each label, and the gradient of its score."""

from __future__ import annotations

import numpy
import torch
from torch import Tensor
from torch.nn import functional

from causal_mtl.nn.wide import wide_type


def best_partners(logits: Tensor, best: Tensor) -> Tensor:
    """Where the maxima over tails are, `(sentences, rows, labels)`; of equal ones the last.

    On a processor `max` with places takes several times as long.

    Args:
        logits: of a block, `(sentences, rows, tails, labels)`; they are overwritten.
        best: their maxima over tails, `(sentences, rows, labels)`.
    """
    number = torch.arange(logits.shape[2], dtype=wide_type(logits), device=logits.device).unsqueeze(1)
    return (logits.eq_(best.unsqueeze(2)) * number).amax(dim=2).long()


def gradients_of_maxima(
    hidden: Tensor, partners: Tensor, of_best: Tensor, weight: Tensor
) -> tuple[Tensor, Tensor]:
    """What maxima of a block pass on to its inner layer and to the weights.

    Only one score in `tails` has a gradient for each row and label: sums of a few rows, no matrix product.

    Args:
        hidden: the inner layer, `(sentences, rows, tails, hidden)`.
        partners: of `best_partners`.
        of_best: the gradient of the maxima, `(sentences, rows, labels)`.
        weight: `(labels, hidden)`.

    Returns:
        The gradient of `hidden`, of its shape, and that of `weight`.
    """
    flat = hidden.flatten(0, 2)
    labels = len(weight)
    partners, of_best = partners.flatten(0, 1), of_best.flatten(0, 1)
    first = torch.arange(0, len(flat), hidden.shape[2], device=flat.device).unsqueeze(1)
    pairs = partners + first  # (rows, labels), the places in `flat`
    of_weight = _weighted_sums(flat, pairs.T, of_best.T)

    cells = _sorted((pairs * labels + torch.arange(labels, device=flat.device)).flatten())
    pairs, label = cells // labels, cells % labels
    ends = pairs.bincount(minlength=len(flat)).cumsum(0)
    starts = functional.pad(ends[:-1], (1, 0))
    of_cells = of_best[pairs // hidden.shape[2], label]
    of_hidden = _weighted_sums(weight, label, of_cells, starts)
    return of_hidden.view_as(hidden), of_weight


def _sorted(indices: Tensor) -> Tensor:
    """On a processor numpy sorts by vector instructions, some 20 times as fast as torch."""
    if indices.device.type == "cpu":
        return torch.from_numpy(numpy.sort(indices.numpy()))
    return indices.sort().values


def _weighted_sums(rows: Tensor, chosen: Tensor, weights: Tensor, starts: Tensor | None = None) -> Tensor:
    """Σ of the chosen rows times their weights, for each line of `chosen` or each stretch that `starts` begins."""
    return functional.embedding_bag(
        chosen.contiguous(), rows, starts, mode="sum", per_sample_weights=weights.contiguous()
    )
