"""No encoder: the embedder's output is the representation."""

from __future__ import annotations

from torch import Tensor

from causal_mtl.common import PositiveInt
from causal_mtl.nn.encoders.encoder import Encoder


@Encoder.register("pass_through")
class PassThrough(Encoder):
    """Returns its input, for embedders in context. Registered as an `Encoder` with name "pass_through"."""

    def __init__(self, input_size: PositiveInt) -> None:
        super().__init__()
        self.input_size = input_size

    def get_output_dim(self) -> int:
        """The width of the input."""
        return self.input_size

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """`inputs` as they are, `(batch, tokens, input_size)`."""
        return inputs
