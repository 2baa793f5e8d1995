"""How the encoders of several tasks stand to each other (CMTL figure 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from causal_mtl.common import Late, Lazy, Registrable
from causal_mtl.nn.encoders import BiLSTM, Encoder
from causal_mtl.nn.named_modules import NamedModules

LazyEncoder = Annotated[Lazy[Encoder], Late("input_size")]


class Architecture(nn.Module, Registrable):
    """Encodes a text for one task after another: H_k = Encoder_k(E ⊕ th ⊕ …) (CMTL eq. 4).

    What besides the embedded tokens E and the transferred labels th an encoder is given, a subclass says by its
    class variables; one of quite another kind overrides `forward`.

    Args:
        input_size: filled in: width of the embedded tokens E.
        transfer_sizes: filled in: for each task, in order, the width of the transferred labels that its
            encoder is given (0: none).
        below: filled in: for each task the one whose states stand below its own (None: none).
        encoder: of each task, and what the tasks share.
    """

    default_implementation = "hierarchical"

    separate_embedders: ClassVar[bool] = False
    """Each task embeds the tokens for itself."""
    shares: ClassVar[bool] = False
    """There is an encoder for all tasks."""
    private: ClassVar[bool] = True
    """Each task has an encoder of its own; without, labels cannot be transferred to encoders."""
    stacks: ClassVar[bool] = False
    """A task's encoder is given the states of the task below."""

    def __init__(
        self,
        input_size: int,
        transfer_sizes: Mapping[str, int],
        below: Mapping[str, str | None],
        encoder: LazyEncoder = Lazy(BiLSTM),
    ) -> None:
        super().__init__()
        self.encoder = encoder.construct(input_size=input_size) if self.shares else None
        self.encoders = NamedModules()
        for task, size in transfer_sizes.items() if self.private else ():
            size += input_size
            if self.encoder is not None:
                size += self.encoder.get_output_dim()
            lower = below[task]
            if self.stacks and lower is not None:
                size += self.output_dim(lower)
            self.encoders[task] = encoder.construct(input_size=size)

    def output_dim(self, task: str) -> int:
        """The width of a task's states."""
        encoder = self.encoders[task] if self.private else self.encoder
        return encoder.get_output_dim()  # type: ignore[union-attr, operator]

    def shared(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """What is encoded once for all tasks, `(batch, tokens, …)`; of width 0 if nothing is."""
        return embedded[..., :0] if self.encoder is None else self.encoder(embedded, mask)

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
        if not self.private:
            return shared
        parts = [embedded, transferred, shared, *([below] if self.stacks else [])]
        return self.encoders[task](torch.cat(parts, dim=-1), mask)
