"""CMTL's architecture for long texts: a CNN for each task, one LSTM over the tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from causal_mtl.common import Lazy, PositiveInt, Probability
from causal_mtl.nn.architectures.architecture import Architecture, LazyEncoder
from causal_mtl.nn.encoders import CNN
from causal_mtl.nn.pooling import Level, max_over_tokens


@dataclass
class _Carried:
    """A batch, what each CNN made of it, and the state (h, c) of the LSTM after the last task, per row.

    `pooled` is of texts, `(batch, …)`; `state` of rows, `(rows, hidden_size)` each; `rows` tells the text of each
    row (None: the rows are the texts).
    """

    embedded: Mapping[str, Tensor]
    mask: Tensor
    pooled: dict[str, Tensor] = field(default_factory=dict)
    state: tuple[Tensor, Tensor] | None = None
    rows: Tensor | None = None


@Architecture.register("recurrent_cnn")
class RecurrentCNN(Architecture):
    """h_init_k = maxpool(CNN_k(E)), h_k = LSTM(h_init_k ⊕ th_k, h_{k-1}) (CMTL eq. 5–6): one state for each text.

    One LSTM cell serves all tasks; its state (h, c) goes from task to task in the order of the graph, from zero.
    Where a task has a narrower th than others (the first task has none), zeros fill it up.

    Registered as an `Architecture` with name "recurrent_cnn".

    Args:
        input_size: filled in.
        transfer_sizes: filled in.
        parents: filled in.
        encoder: of each task; "cnn" unless given.
        dropout: on h_k for heads, not on what goes on to the next task; the model's `encoder_dropout` unless
            given.
        hidden_size: width of the states.
    """

    level: ClassVar[Level] = "text"
    recurs: ClassVar[bool] = True

    def __init__(
        self,
        input_size: int,
        transfer_sizes: Mapping[str, int],
        parents: Mapping[str, Sequence[str]],
        encoder: LazyEncoder = Lazy(CNN),
        dropout: Probability = 0.0,
        hidden_size: PositiveInt = 300,
    ) -> None:
        super().__init__(input_size, dict.fromkeys(transfer_sizes, 0), parents, encoder, dropout)
        pooled = self.encoders[next(iter(transfer_sizes))].get_output_dim()  # type: ignore[operator]
        self.label_size = max(transfer_sizes.values())
        self.cell = nn.LSTMCell(pooled + self.label_size, hidden_size)

    def output_dim(self, task: str) -> int:
        """`hidden_size`."""
        return self.cell.hidden_size

    def start(self, embedded: Mapping[str, Tensor], mask: Tensor) -> _Carried:
        """No state yet; shapes as in `Architecture.start`."""
        return _Carried(embedded, mask)

    def forward(self, task: str, transferred: Tensor, carried: _Carried) -> Tensor:
        """h_k, `(batch, 1, hidden_size)`.

        Args:
            task: its name.
            transferred: th_k, `(batch, 1, at most label_size)`.
            carried: from `start`; its state becomes that of `task`.
        """
        if task not in carried.pooled:
            encoded = self.encoders[task](carried.embedded[task], carried.mask)
            carried.pooled[task] = max_over_tokens(encoded, carried.mask)
        pooled = carried.pooled[task] if carried.rows is None else carried.pooled[task][carried.rows]
        missing = self.label_size - transferred.shape[-1]
        labels = nn.functional.pad(transferred.squeeze(1).to(pooled.dtype), (0, missing))
        carried.state = self.cell(torch.cat([pooled, labels], dim=-1), carried.state)
        return self.dropout(carried.state[0]).unsqueeze(1)

    def spread(self, carried: _Carried, rows: Tensor) -> _Carried:
        """The state of other rows; the CNNs run once per text."""
        state = None if carried.state is None else (carried.state[0][rows], carried.state[1][rows])
        return replace(carried, state=state, rows=rows if carried.rows is None else carried.rows[rows])

    def join(self, parts: Sequence[_Carried]) -> _Carried:
        """The states of the rows of all parts; the CNNs run once per text."""
        hidden, memory = zip(*(part.state for part in parts if part.state is not None), strict=True)
        rows = torch.cat([part.rows for part in parts if part.rows is not None])
        return replace(parts[0], state=(torch.cat(hidden), torch.cat(memory)), rows=rows)
