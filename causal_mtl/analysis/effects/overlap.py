"""Whether data can tell the effect of a label from that of the text that it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DECIDED = 0.95
"""From this probability on, a text decides its label."""
TOO_MANY = 0.5
"""Share of decided units from which on effects should not be trusted."""


@dataclass(frozen=True)
class Overlap:
    """How far the text decides the label, by p(a | X) as the models themselves predict it.

    Attributes:
        entropy: of p(a | X) in bits, mean over units.
        decided: share of units whose likeliest value has `DECIDED` or more.
        open: for each value the share of units where it is neither excluded nor decided.
    """

    entropy: float
    decided: float
    open: dict[str, float]

    def warning(self, source: str) -> str:
        """What to think of the effects; empty if overlap is good."""
        if self.decided < TOO_MANY:
            return ""
        return (
            f"the text nearly decides {source!r} in {self.decided:.0%} of the cases (p ≥ {DECIDED}): there is "
            "little to tell the effect of the label from that of the text, and the effects are likely too small"
        )

    def as_json(self) -> dict[str, Any]:
        """As it stands in reports."""
        return {
            "entropy_bits": self.entropy,
            "decided": self.decided,
            "open": self.open,
        }


def overlap(probabilities: NDArray[np.float64], values: Sequence[str]) -> Overlap:
    """Of p(a | X), `(units, values)`; each row sums to 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(probabilities > 0, probabilities * np.log2(probabilities), 0.0)
    decided = probabilities.max(axis=1) >= DECIDED
    open_ = (probabilities > 1 - DECIDED) & (probabilities < DECIDED)
    return Overlap(
        float(-terms.sum(axis=1).mean() + 0.0),
        float(decided.mean()),
        {value: float(share) for value, share in zip(values, open_.mean(axis=0), strict=True)},
    )
