"""A bidirectional LSTM."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from causal_mtl.common import Construct, PositiveInt, Probability, Problem
from causal_mtl.nn.encoders.encoder import Encoder


@Encoder.register("bilstm")
class BiLSTM(Encoder):
    """A bidirectional LSTM. Registered as an `Encoder` with name "bilstm".

    Each direction runs over plain padded tensors, the backward one over sentences that are turned round
    within their own length, so padding comes last for both and reaches no real token. (On a processor packed
    sequences take several times as long in the backward pass.)

    Args:
        input_size: filled in.
        hidden_size: of *one direction*; the output is twice as wide.
        num_layers: stacked layers.
        dropout: between layers (not after the last).
    """

    def __init__(
        self,
        input_size: PositiveInt,
        hidden_size: PositiveInt = 100,
        num_layers: PositiveInt = 1,
        dropout: Probability = 0.0,
    ) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.forwards = _layers(input_size, hidden_size, num_layers)
        self.backwards = _layers(input_size, hidden_size, num_layers)
        self.dropout = nn.Dropout(dropout)

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """Dropout between layers needs two of them."""
        if config.get("dropout") and config.get("num_layers") == 1:
            yield config.problem(
                "dropout",
                "has no effect on one layer: leave it out (encoder_dropout of the model comes after the last)",
                "num_layers",
            )

    def get_output_dim(self) -> int:
        """Both directions."""
        return 2 * self.hidden_size

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """`(batch, tokens, input_size)` -> `(batch, tokens, 2 · hidden_size)`; zeros at padding."""
        turned = _turn_round(mask)
        states = inputs
        for number in range(len(self.forwards)):
            states = self.dropout(states) if number else states
            ahead, _ = self.forwards[number](states)
            back, _ = self.backwards[number](_reorder(states, turned))
            states = torch.cat([ahead, _reorder(back, turned)], dim=-1)
        return states.masked_fill(~mask.unsqueeze(-1), 0.0)


def _layers(input_size: int, hidden_size: int, number: int) -> nn.ModuleList:
    """The layers of one direction; every one but the first reads both directions."""
    layers = nn.ModuleList()
    for layer in range(number):
        layers.append(_lstm(2 * hidden_size if layer else input_size, hidden_size))
    return layers


def _lstm(input_size: int, hidden_size: int) -> nn.LSTM:
    """One layer and direction: orthogonal recurrence, forget gates open, so that gradients reach far tokens."""
    lstm = nn.LSTM(input_size, hidden_size, batch_first=True)
    weights = dict(lstm.named_parameters())
    for gate in weights["weight_hh_l0"].data.split(hidden_size):
        nn.init.orthogonal_(gate)
    weights["bias_hh_l0"].data.zero_()
    weights["bias_ih_l0"].data.zero_()[hidden_size : 2 * hidden_size] = 1.0
    return lstm


def _turn_round(mask: Tensor) -> Tensor:
    """Positions `(batch, tokens)` that turn each sentence round; its own inverse, padding stays."""
    positions = torch.arange(mask.shape[1], device=mask.device)
    mirrored = mask.sum(dim=1, keepdim=True) - 1 - positions
    return torch.where(mask, mirrored, positions)


def _reorder(states: Tensor, positions: Tensor) -> Tensor:
    return states.gather(1, positions.unsqueeze(-1).expand(-1, -1, states.shape[-1]))
