"""The base of how the encoders of several tasks stand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from causal_mtl.common import Late, Lazy, Registrable
from causal_mtl.nn.encoders import BiLSTM, Encoder

LazyEncoder = Annotated[Lazy[Encoder], Late("input_size")]


class Architecture(nn.Module, Registrable):
    """Encodes a text for one task after another (CMTL figure 3).

    Args:
        input_size: filled in: width of the embedded tokens E.
        transfer_sizes: filled in: for each task, in order, the width of the transferred labels that its
            encoder is given (0: none).
        below: filled in: for each task the one whose states its encoder is given (None: none).
        encoder: of each task, and what the tasks share.
    """

    default_implementation = "hierarchical"

    separate_embedders: ClassVar[bool] = False
    """Whether each task embeds the tokens for itself."""

    def __init__(
        self,
        input_size: int,
        transfer_sizes: Mapping[str, int],
        below: Mapping[str, str | None],
        encoder: LazyEncoder = Lazy(BiLSTM),
    ) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict()

    def output_dim(self, task: str) -> int:
        """The width of a task's states."""
        return self.encoders[task].get_output_dim()  # type: ignore[operator]

    def shared(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """What is encoded once for all tasks, `(batch, tokens, …)`; of width 0 if nothing is."""
        return embedded[..., :0]

    def forward(
        self, task: str, embedded: Tensor, shared: Tensor, below: Tensor, transferred: Tensor, mask: Tensor
    ) -> Tensor:
        """The states of `task`, `(batch, tokens, output_dim(task))`.

        Args:
            task: its name.
            embedded: E, `(batch, tokens, input_size)`.
            shared: from `shared`.
            below: the states of the task below; of width 0 if there is none.
            transferred: th, the labels of its parents; of width 0 if none are transferred to encoders.
            mask: True at real tokens, `(batch, tokens)`.
        """
        raise NotImplementedError

    def _encode(self, task: str, *parts: Tensor, mask: Tensor) -> Tensor:
        return self.encoders[task](torch.cat(parts, dim=-1), mask)
