"""Numbers that change from epoch to epoch."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from causal_mtl.common import PositiveFloat, PositiveInt, Registrable


class Schedule(Registrable):
    """A number for each epoch."""

    default_implementation = "exponential"

    @abstractmethod
    def at(self, epoch: int) -> float:
        """The value in `epoch`, counted from 1."""
        raise NotImplementedError


@Schedule.register("constant")
@dataclass
class Constant(Schedule):
    """The same in all epochs. Registered as a `Schedule` with name "constant"."""

    value: PositiveFloat

    def at(self, epoch: int) -> float:
        """The value."""
        return self.value


@Schedule.register("linear")
@dataclass
class Linear(Schedule):
    """From `start` in the first epoch in equal steps to `end` after `epochs` epochs. Registered as "linear"."""

    start: PositiveFloat
    end: PositiveFloat
    epochs: PositiveInt

    def at(self, epoch: int) -> float:
        """The value in `epoch`; `end` once `epochs` are over."""
        share = min(1.0, (epoch - 1) / self.epochs)
        return self.start + share * (self.end - self.start)


@Schedule.register("exponential")
@dataclass
class Exponential(Schedule):
    """As `Linear`, by equal factors instead of equal steps. Registered as "exponential"."""

    start: PositiveFloat
    end: PositiveFloat
    epochs: PositiveInt

    def at(self, epoch: int) -> float:
        """The value in `epoch`; `end` once `epochs` are over."""
        share = min(1.0, (epoch - 1) / self.epochs)
        return self.start * (self.end / self.start) ** share
