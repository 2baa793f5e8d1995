"""CMTL's architecture and its baselines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from causal_mtl.common import ConfigurationError, Lazy
from causal_mtl.nn.architectures.architecture import Architecture, LazyEncoder
from causal_mtl.nn.encoders import BiLSTM


@Architecture.register("single_task")
class SingleTask(Architecture):
    """An encoder and embeddings of its own for each task ("STL"). Registered with name "single_task"."""

    separate_embedders: ClassVar[bool] = True

    def __init__(
        self,
        input_size: int,
        transfer_sizes: Mapping[str, int],
        below: Mapping[str, str | None],
        encoder: LazyEncoder = Lazy(BiLSTM),
    ) -> None:
        super().__init__(input_size, transfer_sizes, below, encoder)
        for task, size in transfer_sizes.items():
            self.encoders[task] = encoder.construct(input_size=input_size + size)

    def forward(
        self, task: str, embedded: Tensor, shared: Tensor, below: Tensor, transferred: Tensor, mask: Tensor
    ) -> Tensor:
        """H_k = Encoder_k(E ⊕ th)."""
        return self._encode(task, embedded, transferred, mask=mask)


@Architecture.register("fully_shared")
class FullyShared(Architecture):
    """One encoder for all tasks ("FSMTL"). Registered with name "fully_shared".

    Labels can be transferred to its heads only.

    Raises:
        ConfigurationError: labels are to be transferred to encoders.
    """

    def __init__(
        self,
        input_size: int,
        transfer_sizes: Mapping[str, int],
        below: Mapping[str, str | None],
        encoder: LazyEncoder = Lazy(BiLSTM),
    ) -> None:
        super().__init__(input_size, transfer_sizes, below, encoder)
        if any(transfer_sizes.values()):
            raise ConfigurationError(
                'a fully shared encoder cannot be given the labels of one task: set paths to "direct", or '
                'label_transfer to "none"'
            )
        self.encoder = encoder.construct(input_size=input_size)

    def output_dim(self, task: str) -> int:
        """The same for all tasks."""
        return self.encoder.get_output_dim()

    def shared(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """H_s = Encoder(E)."""
        return self.encoder(embedded, mask)

    def forward(
        self, task: str, embedded: Tensor, shared: Tensor, below: Tensor, transferred: Tensor, mask: Tensor
    ) -> Tensor:
        """H_k = H_s."""
        return shared


@Architecture.register("shared_private")
class SharedPrivate(Architecture):
    """An encoder for each task on top of a shared one ("SPMTL"). Registered with name "shared_private"."""

    def __init__(
        self,
        input_size: int,
        transfer_sizes: Mapping[str, int],
        below: Mapping[str, str | None],
        encoder: LazyEncoder = Lazy(BiLSTM),
    ) -> None:
        super().__init__(input_size, transfer_sizes, below, encoder)
        self.encoder = encoder.construct(input_size=input_size)
        own_size = input_size + self.encoder.get_output_dim()
        for task, size in transfer_sizes.items():
            self.encoders[task] = encoder.construct(input_size=own_size + size)

    def shared(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """H_s = Encoder(E)."""
        return self.encoder(embedded, mask)

    def forward(
        self, task: str, embedded: Tensor, shared: Tensor, below: Tensor, transferred: Tensor, mask: Tensor
    ) -> Tensor:
        """H_k = Encoder_k(E ⊕ th ⊕ H_s)."""
        return self._encode(task, embedded, transferred, shared, mask=mask)


@Architecture.register("hierarchical")
class Hierarchical(Architecture):
    """Each task's encoder stands on that of the task below ("HMTL"). Registered with name "hierarchical"."""

    def __init__(
        self,
        input_size: int,
        transfer_sizes: Mapping[str, int],
        below: Mapping[str, str | None],
        encoder: LazyEncoder = Lazy(BiLSTM),
    ) -> None:
        super().__init__(input_size, transfer_sizes, below, encoder)
        for task, size in transfer_sizes.items():
            lower = below[task]
            stacked = self.output_dim(lower) if lower is not None else 0
            self.encoders[task] = encoder.construct(input_size=input_size + size + stacked)

    def forward(
        self, task: str, embedded: Tensor, shared: Tensor, below: Tensor, transferred: Tensor, mask: Tensor
    ) -> Tensor:
        """H_k = Encoder_k(E ⊕ th ⊕ H_{k-1}) (CMTL eq. 4)."""
        return self._encode(task, embedded, transferred, below, mask=mask)
