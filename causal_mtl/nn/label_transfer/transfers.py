"""The ways to fold label embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from causal_mtl.common import PositiveInt
from causal_mtl.nn.label_transfer.label_transfer import LabelTransfer


@LabelTransfer.register("lstm")
class LSTMTransfer(LabelTransfer):
    """th = LSTM over the parents' label embeddings (CMTL eq. 2). Registered with name "lstm"."""

    def __init__(self, label_sizes: Mapping[str, int], label_dim: PositiveInt = 300) -> None:
        super().__init__(label_sizes, label_dim)
        self.cell = nn.LSTMCell(label_dim, label_dim)

    def output_dim(self, parents: int) -> int:
        """`label_dim`."""
        return self.label_dim if parents else 0

    def fold(self, embedded: Sequence[Tensor]) -> Tensor:
        """One step of the cell a parent; the state starts at zero."""
        state = None
        for label in embedded:
            state = self.cell(label.flatten(0, 1), state)
        assert state is not None
        return state[0].view_as(embedded[0])


@LabelTransfer.register("gru")
class GRUTransfer(LabelTransfer):
    """As "lstm", with a GRU cell. Registered with name "gru"."""

    def __init__(self, label_sizes: Mapping[str, int], label_dim: PositiveInt = 300) -> None:
        super().__init__(label_sizes, label_dim)
        self.cell = nn.GRUCell(label_dim, label_dim)

    def output_dim(self, parents: int) -> int:
        """`label_dim`."""
        return self.label_dim if parents else 0

    def fold(self, embedded: Sequence[Tensor]) -> Tensor:
        """One step of the cell a parent; the state starts at zero."""
        state = None
        for label in embedded:
            state = self.cell(label.flatten(0, 1), state)
        assert state is not None
        return state.view_as(embedded[0])


@LabelTransfer.register("concat")
class ConcatTransfer(LabelTransfer):
    """The parents' label embeddings side by side. Registered with name "concat"."""

    def output_dim(self, parents: int) -> int:
        """`label_dim` for each parent."""
        return self.label_dim * parents

    def fold(self, embedded: Sequence[Tensor]) -> Tensor:
        """Concatenate."""
        return torch.cat(list(embedded), dim=-1)


@LabelTransfer.register("none")
class NoTransfer(LabelTransfer):
    """Nothing is transferred: the tasks are tied by their encoders at most. Registered with name "none"."""

    def __init__(self, label_sizes: Mapping[str, int]) -> None:
        super().__init__({}, 1)

    def output_dim(self, parents: int) -> int:
        """0."""
        return 0
