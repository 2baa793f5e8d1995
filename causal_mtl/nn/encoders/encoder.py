"""The base of what turns token vectors into vectors in context."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

from causal_mtl.common import Registrable


class Encoder(nn.Module, Registrable):
    """Maps `(batch, tokens, input_size)` to `(batch, tokens, get_output_dim())`.

    `input_size` is filled in by the model. Padding must change no result at a real token.
    """

    default_implementation = "bilstm"

    @abstractmethod
    def get_output_dim(self) -> int:
        """The width of the output."""
        raise NotImplementedError

    @abstractmethod
    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Encode `inputs`, `(batch, tokens, input_size)`, where `mask`, `(batch, tokens)`, is True."""
        raise NotImplementedError
