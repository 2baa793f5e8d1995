"""What a measure is: how it is shown, and how it is computed from sums over sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Measure:
    """One number that a metric reports.

    The paired bootstrap compares systems by a measure that is a ratio of two weighted sums over sentences. Another
    one (a macro-average, say) leaves both sums empty: its means are tabulated, without intervals.

    Attributes:
        numerator: weights of the sums above the line, by column, such as ``{"correct": 2}``.
        denominator: weights of the sums below the line; empty: the measure is no such ratio.
        gold: a column that gold alone decides; it must be the same for all systems that are compared. "": none.
        percent: show it × 100 with one digit.
        higher_is_better: None: it does not say.
        main: show it during training and count it by sentence; measures that are not are only shown `beside` one
            that is, and computed from its columns.
        beside: names of the measures of the same metric that tables show before it, such as precision and recall.
    """

    numerator: Mapping[str, float] = field(default_factory=dict)
    denominator: Mapping[str, float] = field(default_factory=dict)
    gold: str = ""
    percent: bool = False
    higher_is_better: bool | None = None
    main: bool = True
    beside: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The sums that it is made of, each once, in the order of their names.

        Not in that of the fractions: runs are compared column by column, and a measure that was read from a file
        may name its sums in another order.
        """
        return tuple(sorted({*self.numerator, *self.denominator}))

    def value(self, sums: Mapping[str, float]) -> float:
        """The ratio of the sums; 0 where there is nothing to divide by."""
        above, below = (
            sum(weight * sums[column] for column, weight in part.items())
            for part in (self.numerator, self.denominator)
        )
        return above / below if below else 0.0

    def of_task(self, task: str) -> Measure:
        """The same with the names in `beside` as results have them: ``task/name``."""
        return replace(self, beside=tuple(f"{task}/{name}" for name in self.beside))

    def to_json(self) -> dict[str, Any]:
        """Its attributes as JSON can hold them, without those that are as by default."""
        return {name: value for name, value in asdict(self).items() if value != getattr(Measure(), name)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Measure:
        """Back from `to_json`; keys that this version does not know are passed over."""
        known = {name: record[name] for name in cls.__dataclass_fields__ if name in record}
        return cls(**{**known, "beside": tuple(known.get("beside", ()))})


F1 = Measure({"correct": 2}, {"predicted": 1, "gold": 1}, gold="gold", percent=True, higher_is_better=True)
PRECISION = Measure({"correct": 1}, {"predicted": 1}, percent=True, higher_is_better=True, main=False)
RECALL = Measure({"correct": 1}, {"gold": 1}, gold="gold", percent=True, higher_is_better=True, main=False)
ACCURACY = Measure({"correct": 1}, {"gold": 1}, gold="gold", percent=True, higher_is_better=True)


def f1_measures(prefix: str = "") -> dict[str, Measure]:
    """Micro-averaged precision, recall and F1, their names with `prefix` before them."""
    names = f"{prefix}precision", f"{prefix}recall"
    return {names[0]: PRECISION, names[1]: RECALL, f"{prefix}f1": replace(F1, beside=names)}
