"""TopJudge: an LSTM cell for each task, whose state comes from the tasks that it depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from causal_mtl.common import Lazy, PositiveInt, Probability
from causal_mtl.nn.architectures.architecture import Architecture, LazyEncoder
from causal_mtl.nn.encoders import CNN
from causal_mtl.nn.named_modules import NamedModules
from causal_mtl.nn.pooling import Level, max_over_tokens


@dataclass
class _Carried:
    """The feature of each text, `(batch, size)`, and (h, c) of the tasks so far, `(rows, hidden_size)` each.

    `rows` tells the text of each row; None: the rows are the texts.
    """

    feature: Tensor
    states: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)
    rows: Tensor | None = None


@Architecture.register("topjudge")
class TopJudge(Architecture):
    """h_k, c_k = LSTM_k(f ⊕ th_k, Σ_p (A_pk h_p, B_pk c_p)), f = maxpool(CNN(E)) (Zhong et al. 2018).

    One feature f of the text for all tasks, one LSTM cell for each task, one state for each text. The state that a
    cell starts from is the sum of its parents' (h, c), each through an affine map of that edge; that of the first
    parent is taken as it is, as in the authors' public code (thunlp/TopJudge). Without parents it is zero. The
    published system is this with `label_transfer: "none"`, under which there is no th, and `parents` of the tasks
    as in its graph; its CNN, 64 filters of each width with the state as wide as the feature (256), is a setting.
    Its options `attention` and `more_fc` (a hidden layer before the output) are not here.

    Registered as an `Architecture` with name "topjudge".

    Args:
        input_size: filled in.
        transfer_sizes: filled in.
        parents: filled in.
        encoder: of all tasks; "cnn" unless given.
        dropout: on h_k for heads, not on what goes on to other tasks; the model's `encoder_dropout` unless given.
        hidden_size: width of the states.
    """

    level: ClassVar[Level] = "text"
    shares: ClassVar[bool] = True

    def __init__(
        self,
        input_size: int,
        transfer_sizes: Mapping[str, int],
        parents: Mapping[str, Sequence[str]],
        encoder: LazyEncoder = Lazy(CNN),
        dropout: Probability = 0.0,
        hidden_size: PositiveInt = 256,
    ) -> None:
        super().__init__(input_size, {}, parents, encoder, dropout)  # {}: no encoder for each task
        assert self.encoder is not None
        self.hidden_size = hidden_size
        feature = self.encoder.get_output_dim()
        self.cells = NamedModules(
            {task: nn.LSTMCell(feature + size, hidden_size) for task, size in transfer_sizes.items()}
        )
        self._parents = {task: tuple(parents[task]) for task in transfer_sizes}
        self.edges = NamedModules(
            {
                task: NamedModules({parent: _Edge(hidden_size) for parent in above[1:]})
                for task, above in self._parents.items()
            }
        )

    def output_dim(self, task: str) -> int:
        """`hidden_size`."""
        return self.hidden_size

    def start(self, embedded: Mapping[str, Tensor], mask: Tensor) -> _Carried:
        """The feature of each text; shapes as in `Architecture.start`."""
        common = next(iter(embedded.values()))
        return _Carried(max_over_tokens(self.encoder(common, mask), mask))  # type: ignore[misc]

    def forward(self, task: str, transferred: Tensor, carried: _Carried) -> Tensor:
        """h_k, `(batch, 1, hidden_size)`.

        Args:
            task: its name; its parents have had their turn.
            transferred: th_k, `(batch, 1, …)`; of width 0 in the published system.
            carried: from `start`; the state of `task` is added.
        """
        start = None
        for parent in self._parents[task]:
            state = carried.states[parent]
            if start is None:
                start = state
            else:
                hidden, memory = self.edges[task][parent](*state)  # type: ignore[index]
                start = start[0] + hidden, start[1] + memory
        feature = carried.feature if carried.rows is None else carried.feature[carried.rows]
        read = torch.cat([feature, transferred.squeeze(1).to(feature.dtype)], dim=-1)
        carried.states[task] = self.cells[task](read, start)
        return self.dropout(carried.states[task][0]).unsqueeze(1)

    def spread(self, carried: _Carried, rows: Tensor) -> _Carried:
        """The states of other rows; there is one feature per text."""
        states = {task: (hidden[rows], memory[rows]) for task, (hidden, memory) in carried.states.items()}
        return replace(carried, states=states, rows=rows if carried.rows is None else carried.rows[rows])

    def join(self, parts: Sequence[_Carried]) -> _Carried:
        """The states of the rows of all parts; there is one feature per text."""
        states = {}
        for task in parts[0].states:
            hidden, memory = zip(*(part.states[task] for part in parts), strict=True)
            states[task] = torch.cat(hidden), torch.cat(memory)
        rows = torch.cat([part.rows for part in parts if part.rows is not None])
        return replace(parts[0], states=states, rows=rows)


class _Edge(nn.Module):
    """The affine maps of one edge of the graph, for h and for c."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(size, size)
        self.memory = nn.Linear(size, size)

    def forward(self, hidden: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Map both, `(batch, size)`."""
        return self.hidden(hidden), self.memory(memory)
