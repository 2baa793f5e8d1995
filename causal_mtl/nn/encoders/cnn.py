"""Convolutions over windows of tokens."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from causal_mtl.common import ConfigurationError, PositiveInt
from causal_mtl.nn.encoders.encoder import Encoder


@Encoder.register("cnn")
class CNN(Encoder):
    """Filters over windows of several widths (Kim 2014), one result for each token. Registered with name "cnn".

    state_t = ⊕ over widths w of relu(W_w (x_{t-(w-1)//2} ⊕ … ⊕ x_{t+w//2}) + b_w), so each token has a window of
    every width; one of even width has its odd token on the right. Outside of the text x is zero: at its two
    ends, in texts that are shorter than a window, and whatever stands at padding. Kim's max-pooling over time is
    left to what reads the states (a head for texts, or the architecture "recurrent_cnn"); Kim's windows lie
    inside of the text, ours reach across its ends too.

    Args:
        input_size: filled in.
        windows: widths, in tokens (None: 2, 3, 4 and 5).
        filters: number of filters per width; the output is `len(windows)` times as wide.

    Raises:
        ConfigurationError: `windows` is empty.
    """

    def __init__(
        self, input_size: PositiveInt, windows: list[PositiveInt] | None = None, filters: PositiveInt = 128
    ) -> None:
        super().__init__()
        self.windows = [2, 3, 4, 5] if windows is None else windows
        if not self.windows:
            raise ConfigurationError("windows: give at least one width")
        self.convolutions = nn.ModuleList(nn.Conv1d(input_size, filters, width) for width in self.windows)
        self.filters = filters

    def get_output_dim(self) -> int:
        """`filters` for each width."""
        return self.filters * len(self.convolutions)

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Encode `(batch, tokens, input_size)`; zeros at padding."""
        padding = ~mask.unsqueeze(-1)
        vectors = inputs.masked_fill(padding, 0.0).transpose(1, 2)
        weight, bias = self._one_convolution()
        # Padded alike on both sides, so that no copy is padded; of an even width the first result is one too many.
        states = nn.functional.conv1d(vectors, weight, bias, padding=weight.size(2) // 2)[
            ..., -vectors.size(2) :
        ]
        return states.relu().transpose(1, 2).masked_fill(padding, 0.0)

    def _one_convolution(self) -> tuple[Tensor, Tensor]:
        """`(filters of all widths, input_size, largest width)`, zeros around narrower filters, and all biases.

        One convolution with up to 1.4 times the products is faster than several, which read and write memory more.
        """
        largest = max(self.windows)
        convolutions = [module for module in self.convolutions if isinstance(module, nn.Conv1d)]
        weights = [
            nn.functional.pad(
                convolution.weight, ((largest - 1) // 2 - (width - 1) // 2, largest // 2 - width // 2)
            )
            for width, convolution in zip(self.windows, convolutions, strict=True)
        ]
        return torch.cat(weights), torch.cat([cast(Tensor, convolution.bias) for convolution in convolutions])
