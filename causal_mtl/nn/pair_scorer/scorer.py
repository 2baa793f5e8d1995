"""The weights that score pairs of tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from causal_mtl.nn.pair_scorer.blocks import Domain
from causal_mtl.nn.pair_scorer.scores import PairScores


class PairScorer(nn.Module):
    """Scores pairs of tokens: `W relu(U h_i + V h_j + b_m) + b` (PMEI eq. 11, CMTL eq. 14).

    Args:
        input_size: width of the states.
        hidden_size: width of the inner layer.
        num_labels: relations.
        inner_bias: learn `b_m` (CMTL; PMEI has none).
        output_bias: learn `b` (PMEI; CMTL has none).
        domain: the pairs that are scored: "all" (CMTL), "off_diagonal" (PMEI), or "upper", those whose head is
            not behind their tail.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_labels: int,
        inner_bias: bool = False,
        output_bias: bool = True,
        domain: Domain = "all",
    ) -> None:
        super().__init__()
        self.heads = nn.Linear(input_size, hidden_size, bias=inner_bias)
        self.tails = nn.Linear(input_size, hidden_size, bias=False)
        self.output = nn.Linear(hidden_size, num_labels, bias=False)
        self.bias = nn.Parameter(torch.zeros(num_labels), requires_grad=output_bias)
        self.domain = domain
        _initialise_as_one_layer(self.heads.weight, self.tails.weight)

    def forward(self, states: Tensor, mask: Tensor) -> PairScores:
        """Prepare the scores of `states`, `(batch, tokens, input_size)`."""
        heads, tails = self.heads(states), self.tails(states)
        return PairScores(heads, tails, self.output.weight, self.bias, mask, self.domain)


def _initialise_as_one_layer(*halves: Tensor) -> None:
    """Start the split weights as the one layer over the concatenation that they stand for would start."""
    fan_in = sum(half.shape[1] for half in halves)
    for half in halves:
        nn.init.uniform_(half, -(fan_in**-0.5), fan_in**-0.5)
