"""Labels that are set as a distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class LabelDistribution:
    """Labels of one task for a batch that are known up to their probabilities.

    It may stand wherever `TaskLabels` may, for what other tasks are given of this one. It fixes no annotation:
    the task itself is decoded as without it.

    Attributes:
        probabilities: `(batch, tokens, labels)`, or `(batch, 1, labels)` for labels of the whole text. Of labels
            that exclude each other they sum to 1 at each real token; else each label has its own.
        known: for which texts it is set, `(batch,)`; None: for all. The others are predicted.
    """

    probabilities: Tensor
    known: Tensor | None = None

    @property
    def annotations(self) -> Sequence[None]:
        """No text has one."""
        return [None] * len(self.probabilities)

    def annotated(self, device: torch.device) -> Tensor:
        """For which texts it is set, `(batch,)`."""
        if self.known is None:
            return torch.ones(len(self.probabilities), dtype=torch.bool, device=device)
        return self.known.to(device)

    def to(self, device: torch.device) -> LabelDistribution:
        """The same with its tensors on `device`."""
        known = None if self.known is None else self.known.to(device)
        return replace(self, probabilities=self.probabilities.to(device), known=known)
