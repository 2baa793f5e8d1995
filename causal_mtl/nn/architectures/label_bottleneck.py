"""Tasks whose heads see the labels of their parents, and little or nothing of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from causal_mtl.common import ConfigurationError, Lazy, Name, NonNegativeInt, Probability
from causal_mtl.nn.architectures.architecture import Architecture, LazyEncoder
from causal_mtl.nn.architectures.architectures import Hierarchical
from causal_mtl.nn.encoders import BiLSTM
from causal_mtl.nn.named_modules import NamedModules


@Architecture.register("label_bottleneck")
class LabelBottleneck(Hierarchical):
    """As "hierarchical", but what some tasks know of the text passes through the labels of their parents.

    H_k of such a task is empty, so its head sees th_k alone; with a `residual` it is W Encoder_k(E), so many
    numbers at each token (in a text, where the head pools them). Its encoder is given no labels: all of their
    effect is direct. Where a text nearly decides a label, a head that sees both need not look at the label, and
    the effect of the label is underestimated; one that sees labels only cannot look elsewhere.

    Registered as an `Architecture` with name "label_bottleneck".

    Args:
        input_size: filled in.
        transfer_sizes: filled in.
        parents: filled in.
        encoder: of each task that sees the text, and of the residual.
        dropout: on the encoded states; the model's `encoder_dropout` unless given.
        tasks: whose heads see labels only (None: all that have parents).
        residual: how many numbers of the text their heads see beside (0: none).
    """

    def __init__(
        self,
        input_size: int,
        transfer_sizes: Mapping[str, int],
        parents: Mapping[str, Sequence[str]],
        encoder: LazyEncoder = Lazy(BiLSTM),
        dropout: Probability = 0.0,
        tasks: list[Name] | None = None,
        residual: NonNegativeInt = 0,
    ) -> None:
        narrow = [task for task in parents if parents[task]] if tasks is None else tasks
        for task in narrow:
            _check(task, parents)
        wide = [task for task in transfer_sizes if task not in narrow]
        super().__init__(
            input_size,
            {task: transfer_sizes[task] for task in wide},
            {task: [parent for parent in parents[task] if parent in wide] for task in wide},
            encoder,
            dropout,
        )
        self.residual = residual
        self.readers = NamedModules()
        self.residuals = NamedModules()
        for task in narrow if residual else ():
            self.readers[task] = reader = encoder.construct(input_size=input_size)
            self.residuals[task] = nn.Linear(reader.get_output_dim(), residual)

    def output_dim(self, task: str) -> int:
        """The width of a task's states: `residual` of those that see labels."""
        return super().output_dim(task) if task in self.encoders else self.residual

    def forward(self, task: str, transferred: Tensor, carried: Any) -> Tensor:
        """The states of `task`, `(batch, tokens, output_dim(task))`; `transferred` does not reach a residual."""
        if task in self.encoders:
            return super().forward(task, transferred, carried)
        if task not in carried.free:
            carried.free[task] = self._read(task, carried.embedded[task], carried.mask)
        states: Tensor = carried.of_rows(carried.free[task])
        return states

    def _read(self, task: str, embedded: Tensor, mask: Tensor) -> Tensor:
        """The residual of each text, `(texts, tokens, residual)`."""
        if task not in self.readers:
            return torch.zeros(*embedded.shape[:-1], 0, dtype=embedded.dtype, device=embedded.device)
        states: Tensor = self.residuals[task](self.dropout(self.readers[task](embedded, mask)))
        return states * mask.unsqueeze(-1)


def _check(task: str, parents: Mapping[str, Sequence[str]]) -> None:
    if task not in parents:
        raise ConfigurationError(
            f"architecture.tasks: there is no task {task!r} (tasks: {', '.join(parents)})"
        )
    if not parents[task]:
        raise ConfigurationError(
            f"architecture.tasks: {task!r} has no parents, so its head would see nothing: leave it out"
        )
