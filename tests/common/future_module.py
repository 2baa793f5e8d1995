"""Classes whose annotations are strings (PEP 563), one of them not to be evaluated."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from causal_mtl.common import FromParams, Lazy, PositiveInt, Range, Registrable

if TYPE_CHECKING:
    from nowhere import Ghost


class Layer(Registrable):
    default_implementation = "linear"


@Layer.register("linear")
class Linear(Layer):
    def __init__(self, size: PositiveInt = 1, activation: Literal["relu", "tanh"] = "relu") -> None:
        self.size, self.activation = size, activation


class Network(FromParams):
    def __init__(
        self,
        layers: list[Layer] | dict[str, Layer],
        where: Path | None = None,
        shape: tuple[int, ...] = (),
        late: Lazy[Layer] | None = None,
        rate: Annotated[float, Range(ge=0, lt=1)] = 0,
        ghost: Ghost | None = None,
        again: Network | None = None,
    ) -> None:
        self.layers, self.where, self.shape, self.late = layers, where, shape, late
        self.rate, self.ghost, self.again = rate, ghost, again


@dataclass
class Window:
    width: PositiveInt
    layers: list[Layer] = field(default_factory=list)
