"""The base of what makes one state of the labels of all earlier tasks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from causal_mtl.common import PositiveInt, Registrable
from causal_mtl.nn.named_modules import NamedModules


class LabelTransfer(nn.Module, Registrable):
    """Embeds the labels of a task's parents and folds them into one state per position (CMTL eq. 1–2).

    A label y is embedded as le = W y (eq. 1), so a sample or a distribution is as good as a label; labels that
    hold together add up, none at all is zero. The parents' embeddings are folded in their order, from a zero
    state. One width for all tasks; the cell that folds is shared.

    Args:
        label_sizes: filled in: how many labels each task has.
        label_dim: width of label embeddings (d_l).
    """

    default_implementation = "lstm"

    transfers: ClassVar[bool] = True
    """Whether any labels reach another task."""

    def __init__(self, label_sizes: Mapping[str, int], label_dim: PositiveInt = 300) -> None:
        super().__init__()
        self.label_dim = label_dim
        self.embeddings = NamedModules(
            {task: nn.Linear(size, label_dim, bias=False) for task, size in label_sizes.items()}
        )
        for weight in self.embeddings.parameters():
            nn.init.normal_(weight, std=label_dim**-0.5)

    @abstractmethod
    def output_dim(self, parents: int) -> int:
        """The width of the state of a task with so many parents; 0 without any."""
        raise NotImplementedError

    @abstractmethod
    def fold(self, embedded: Sequence[Tensor]) -> Tensor:
        """One state `(batch, positions, output_dim)` from at least one `(batch, positions, label_dim)`."""
        raise NotImplementedError

    def forward(self, labels: Mapping[str, Tensor], mask: Tensor) -> Tensor:
        """The transferred state of one task.

        Args:
            labels: of its parents, in order: `(batch, tokens or 1, labels)`; labels of the whole text stand
                at every token. If all parents label whole texts, they are folded once for each text.
            mask: True at real tokens, `(batch, tokens)`.

        Returns:
            `(batch, tokens, output_dim(len(labels)))`.
        """
        if not labels or not self.output_dim(len(labels)):
            return torch.zeros(*mask.shape, 0, device=mask.device)
        embedded = [self.embeddings[task](label.to(self._dtype)) for task, label in labels.items()]
        positions = max(label.shape[1] for label in embedded)
        state = self.fold([label.expand(-1, positions, -1) for label in embedded])
        return state.expand(*mask.shape, -1)

    @property
    def _dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype
