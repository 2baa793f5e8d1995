"""The ways to fold label embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from causal_mtl.common import PositiveInt
from causal_mtl.nn.label_transfer.label_transfer import LabelTransfer


class RecurrentTransfer(LabelTransfer):
    """One step of a cell per parent, from a zero state, at each position.

    Args:
        label_sizes: filled in: how many labels each task has.
        label_dim: width of label embeddings (d_l) and of the state.
    """

    cell_type: type[nn.LSTMCell] | type[nn.GRUCell]

    def __init__(self, label_sizes: Mapping[str, int], label_dim: PositiveInt = 300) -> None:
        super().__init__(label_sizes, label_dim)
        self.cell = self.cell_type(label_dim, label_dim)

    def output_dim(self, parents: int) -> int:
        """`label_dim`."""
        return self.label_dim if parents else 0

    def fold(self, embedded: Sequence[Tensor]) -> Tensor:
        """The cell's last state, `(batch, positions, label_dim)`."""
        state: Any = None
        for label in embedded:
            state = self.cell(label.flatten(0, 1), state)
        hidden = state[0] if isinstance(state, tuple) else state  # an LSTM's state has a memory too
        return hidden.view_as(embedded[0])


@LabelTransfer.register("lstm")
class LSTMTransfer(RecurrentTransfer):
    """th = LSTM over the parents' label embeddings (CMTL eq. 2). Registered with name "lstm"."""

    cell_type = nn.LSTMCell


@LabelTransfer.register("gru")
class GRUTransfer(RecurrentTransfer):
    """As "lstm", with a GRU cell. Registered with name "gru"."""

    cell_type = nn.GRUCell


@LabelTransfer.register("concat")
class ConcatTransfer(LabelTransfer):
    """The parents' label embeddings side by side. Registered with name "concat"."""

    def output_dim(self, parents: int) -> int:
        """`label_dim` for each parent."""
        return self.label_dim * parents

    def fold(self, embedded: Sequence[Tensor]) -> Tensor:
        """Side by side, `(batch, positions, parents · label_dim)`."""
        return torch.cat(list(embedded), dim=-1)


@LabelTransfer.register("none")
class NoTransfer(LabelTransfer):
    """Nothing is transferred: the tasks are tied by their encoders at most. Registered with name "none"."""

    transfers = False

    def __init__(self, label_sizes: Mapping[str, int]) -> None:
        super().__init__({}, 1)

    def output_dim(self, parents: int) -> int:
        """0."""
        return 0

    def fold(self, embedded: Sequence[Tensor]) -> Tensor:
        """A state of width 0, `(batch, positions, 0)`."""
        return embedded[0][..., :0]
