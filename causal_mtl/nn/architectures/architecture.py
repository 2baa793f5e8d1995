"""How the encoders of several tasks stand to each other (CMTL figure 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from causal_mtl.common import ConfigurationError, Late, Lazy, Probability, Registrable
from causal_mtl.nn.encoders import BiLSTM, Encoder
from causal_mtl.nn.named_modules import NamedModules
from causal_mtl.nn.pooling import Level

LazyEncoder = Annotated[Lazy[Encoder], Late("input_size")]


@dataclass
class Carried:
    """One batch on its way through the tasks.

    Attributes:
        embedded: E of each task, `(batch, tokens, input_size)`.
        mask: True at real tokens, `(batch, tokens)`.
        shared: what is encoded once for all tasks, `(batch, tokens, …)`; of width 0 if nothing is.
        free: states of the tasks so far that no label reaches, `(batch, tokens, output_dim(task))`.
        states: of the other tasks so far, `(rows, tokens, output_dim(task))`.
        rows: which text of the batch each row is about, `(rows,)`; None: the rows are the texts.
    """

    embedded: Mapping[str, Tensor]
    mask: Tensor
    shared: Tensor
    free: dict[str, Tensor] = field(default_factory=dict)
    states: dict[str, Tensor] = field(default_factory=dict)
    rows: Tensor | None = None

    def of_rows(self, tensor: Tensor) -> Tensor:
        """What is known of texts, for each row."""
        return tensor if self.rows is None else tensor[self.rows]

    def spread(self, rows: Tensor) -> Carried:
        """The same for other rows, which are given as indices of the present ones."""
        states = {task: state[rows] for task, state in self.states.items()}
        rows = rows if self.rows is None else self.rows[rows]
        return replace(self, states=states, rows=rows)

    @staticmethod
    def joined(parts: Sequence[Carried]) -> Carried:
        """The rows of several that `spread` made of one, which have been through the same tasks since."""
        states = {task: torch.cat([part.states[task] for part in parts]) for task in parts[0].states}
        rows = torch.cat([part.rows for part in parts if part.rows is not None])
        return replace(parts[0], states=states, rows=rows)


class Architecture(nn.Module, Registrable):
    """Encodes a text for one task after another: H_k = Encoder_k(E ⊕ th ⊕ …) (CMTL eq. 4).

    What besides the embedded tokens E and the transferred labels th an encoder is given, a subclass says by its
    class variables; one of quite another kind overrides `start` and `forward`. What goes from task to task is
    the architecture's own: the model hands the object that `start` made to every `forward` and does not look
    into it.

    Args:
        input_size: filled in: width of the embedded tokens E.
        transfer_sizes: filled in: for each task, in order, the width of the transferred labels that its
            encoder is given (0: none).
        parents: filled in: the parents of each task, in order; the states of the last one stand below its own.
        encoder: of each task, and what the tasks share.
        dropout: on the encoded states; the model's `encoder_dropout` unless given.
    """

    default_implementation = "hierarchical"

    level: ClassVar[Level] = "tokens"
    """Whether states stand at each token or at one position for the whole text, `(batch, 1, size)`."""
    separate_embedders: ClassVar[bool] = False
    """Each task embeds the tokens for itself."""
    shares: ClassVar[bool] = False
    """There is an encoder for all tasks."""
    private: ClassVar[bool] = True
    """Each task has an encoder of its own; without, labels cannot be transferred to encoders."""
    recurs: ClassVar[bool] = False
    """What a task's encoder is given, all later tasks see, whatever their parents are."""
    stacks: ClassVar[bool] = False
    """A task's encoder is given the states of the task below."""

    def __init__(
        self,
        input_size: int,
        transfer_sizes: Mapping[str, int],
        parents: Mapping[str, Sequence[str]],
        encoder: LazyEncoder = Lazy(BiLSTM),
        dropout: Probability = 0.0,
    ) -> None:
        super().__init__()
        self._below = {task: parents[task][-1] for task in parents if self.stacks and parents[task]}
        self.dropout = nn.Dropout(dropout)
        self.encoder = encoder.construct(input_size=input_size) if self.shares else None
        self.encoders = NamedModules()
        for task, size in transfer_sizes.items() if self.private else ():
            size += input_size
            if self.encoder is not None:
                size += self.encoder.get_output_dim()
            if task in self._below:
                size += self.output_dim(self._below[task])
            self.encoders[task] = encoder.construct(input_size=size)

    def output_dim(self, task: str) -> int:
        """The width of a task's states."""
        encoder = self.encoders[task] if self.private else self.encoder
        return encoder.get_output_dim()  # type: ignore[union-attr, operator]

    def positions(self, mask: Tensor) -> Tensor:
        """Where there are states, `(batch, tokens)`, or `(batch, 1)` at the level of texts.

        Args:
            mask: True at real tokens, `(batch, tokens)`; each text has a first one.
        """
        return mask if self.level == "tokens" else mask[:, :1]

    def start(self, embedded: Mapping[str, Tensor], mask: Tensor) -> Any:
        """What is carried from task to task, before the first one.

        Args:
            embedded: E of each task, in order, `(batch, tokens, input_size)`: one tensor for all of them unless
                `separate_embedders`.
            mask: True at real tokens, `(batch, tokens)`.
        """
        common = next(iter(embedded.values()))
        shared = common[..., :0] if self.encoder is None else self.encoder(common, mask)
        return Carried(embedded, mask, shared)

    def forward(self, task: str, transferred: Tensor, carried: Any) -> Tensor:
        """The states of `task`, `(batch, tokens, output_dim(task))`, or one for each text, by `level`.

        Args:
            task: its name; its parents have had their turn.
            transferred: th, the labels of its parents, at the positions of states; of width 0 if none are
                transferred to encoders.
            carried: from `start`; it is changed.
        """
        below = self._below.get(task)
        if self.private and (transferred.shape[-1] or below in carried.states):
            carried.states[task] = self._encode(task, transferred, carried)
            return carried.states[task]
        if task not in carried.free:
            texts = replace(carried, states={}, rows=None)
            carried.free[task] = (
                self._encode(task, transferred[: len(carried.mask)], texts)
                if self.private
                else self.dropout(carried.shared)
            )
        return carried.of_rows(carried.free[task])

    def spread(self, carried: Any, rows: Tensor) -> Any:
        """What is carried, for texts that stand in several rows, with other labels in each.

        Args:
            carried: from `start` or from here; it is not changed.
            rows: indices of its rows, `(new rows,)`.

        Raises:
            ConfigurationError: a subclass carries an object of its own and does not say how.
        """
        if not isinstance(carried, Carried):
            raise ConfigurationError(
                f"{type(self).__name__} cannot predict a text for several labels of earlier tasks, as averages "
                'over labels need: define spread, or choose another inference than "marginal"'
            )
        return carried.spread(rows)

    def join(self, parts: Sequence[Any]) -> Any:
        """What is carried, once rows that were carried in parts are needed together.

        Args:
            parts: each from `spread`, all of one carried object, and then through the same tasks.

        Returns:
            All rows, those of the first part first.

        Raises:
            ConfigurationError: a subclass carries an object of its own and does not say how.
        """
        carried = [part for part in parts if isinstance(part, Carried)]
        if len(carried) < len(parts):
            raise ConfigurationError(
                f"{type(self).__name__} cannot put together what it predicted in parts, as draws after listed "
                'labels need: define join, or choose another inference than "marginal"'
            )
        return Carried.joined(carried)

    def _encode(self, task: str, transferred: Tensor, carried: Carried) -> Tensor:
        """Encoder_k(E ⊕ th ⊕ …) of each row."""
        parts = [carried.of_rows(carried.embedded[task]), transferred, carried.of_rows(carried.shared)]
        if (below := self._below.get(task)) is not None:
            free = below in carried.free
            parts.append(carried.of_rows(carried.free[below]) if free else carried.states[below])
        encoder = self.encoders[task]
        return self.dropout(encoder(torch.cat(parts, dim=-1), carried.of_rows(carried.mask)))
