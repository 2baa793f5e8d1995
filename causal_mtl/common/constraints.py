"""What an annotation can demand of a value: ``Annotated[int, Range(ge=1)]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class Range:
    """Bounds of a number, each optional: ``>= ge``, ``> gt``, ``<= le``, ``< lt``.

    Checked when a config is resolved, not by Python: a constructor called by hand is not guarded.
    """

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None

    def holds(self, number: float) -> bool:
        """Whether `number` lies within the bounds (NaN never does)."""
        return (
            (self.ge is None or number >= self.ge)
            and (self.gt is None or number > self.gt)
            and (self.le is None or number <= self.le)
            and (self.lt is None or number < self.lt)
        )

    def __str__(self) -> str:
        bounds = ((">=", self.ge), (">", self.gt), ("<=", self.le), ("<", self.lt))
        return " and ".join(f"{sign} {bound}" for sign, bound in bounds if bound is not None)


@dataclass(frozen=True)
class ValidName:
    """Of names of tasks, token indexers and namespaces, which become parts of file names and of metrics' names."""

    longest: int = 200

    def holds(self, text: str) -> bool:
        """Whether `text` can be such a name."""
        return (
            0 < len(text.encode("utf-8", "surrogatepass")) <= self.longest
            and text.isprintable()
            and "/" not in text
            and text == text.strip()
        )

    def __str__(self) -> str:
        return f'that is a name (printable, of 1 to {self.longest} bytes, no "/", no blank at its ends)'


Constraint = Range | ValidName
"""What an annotation can demand of a value besides its type."""

Name = Annotated[str, ValidName()]
PositiveInt = Annotated[int, Range(ge=1)]
NonNegativeInt = Annotated[int, Range(ge=0)]
PositiveFloat = Annotated[float, Range(gt=0)]
NonNegativeFloat = Annotated[float, Range(ge=0)]
Probability = Annotated[float, Range(ge=0, le=1)]
