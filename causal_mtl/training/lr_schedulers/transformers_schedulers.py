"""transformers' schedulers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from causal_mtl.common import ConfigurationError, Construct, NonNegativeFloat, PositiveInt, Problem
from causal_mtl.training.lr_schedulers.lr_scheduler import LRScheduler


class TransformersScheduler(LRScheduler):
    """Base of transformers' schedulers, which warm up linearly from 0 and step after each optimizer step.

    Args:
        name: transformers' name of the schedule.
        optimizer: filled in by the trainer.
        num_training_steps: filled in by the trainer.
        num_warmup_steps: an integer of at least 1 is a number of steps, less than 1 a fraction of the
            training.
        options: what this schedule takes besides.
    """

    every = "step"

    def __init__(
        self,
        name: str,
        optimizer: torch.optim.Optimizer,
        num_training_steps: int,
        num_warmup_steps: float,
        **options: Any,
    ) -> None:
        from transformers.optimization import get_scheduler  # slow to import, and only needed here

        if problem := _warmup_problem(num_warmup_steps):
            raise ConfigurationError(f"num_warmup_steps {problem}")
        if num_warmup_steps < 1:
            num_warmup_steps = round(num_warmup_steps * num_training_steps)
        self._inner = get_scheduler(
            name,
            optimizer,
            num_warmup_steps=int(num_warmup_steps),
            num_training_steps=num_training_steps,
            scheduler_specific_kwargs=options,
        )

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """A warm-up of some steps and a half."""
        if problem := _warmup_problem(config.get("num_warmup_steps")):
            yield config.problem("num_warmup_steps", problem)

    def step(self, *args: Any) -> None:
        """Set the rate of the next optimizer step."""
        self._inner.step()

    def state_dict(self) -> dict[str, Any]:
        """The state of transformers' scheduler."""
        return self._inner.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        self._inner.load_state_dict(state_dict)


class _ConstantTotal(TransformersScheduler):
    """Base of schedules for which the length of the training only decides how long they warm up."""

    @classmethod
    def needs_total(cls, settings: Mapping[str, Any]) -> bool:
        """Only where the warm-up is a fraction of the training."""
        default = inspect.signature(cls).parameters["num_warmup_steps"].default
        return 0 < settings.get("num_warmup_steps", default) < 1


def _warmup_problem(steps: float) -> str | None:
    if steps < 1 or steps == int(steps):
        return None
    return f"is a whole number of steps or a fraction below 1, not {steps}"


@LRScheduler.register("constant_with_warmup")
class ConstantWithWarmup(_ConstantTotal):
    """Up to the given rate over `num_warmup_steps` (or a fraction below 1), then constant."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_training_steps: PositiveInt,
        num_warmup_steps: NonNegativeFloat = 0.1,
    ) -> None:
        super().__init__("constant_with_warmup", optimizer, num_training_steps, num_warmup_steps)


@LRScheduler.register("linear_with_warmup")
class LinearWithWarmup(TransformersScheduler):
    """Up to the given rate over `num_warmup_steps` (or a fraction below 1), then linearly down to 0."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_training_steps: PositiveInt,
        num_warmup_steps: NonNegativeFloat = 0.1,
    ) -> None:
        super().__init__("linear", optimizer, num_training_steps, num_warmup_steps)


@LRScheduler.register("cosine_with_warmup")
class CosineWithWarmup(TransformersScheduler):
    """Up to the given rate over `num_warmup_steps`, then `num_cycles` cosine waves (0.5: once down to 0)."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_training_steps: PositiveInt,
        num_warmup_steps: NonNegativeFloat = 0.1,
        num_cycles: NonNegativeFloat = 0.5,
    ) -> None:
        super().__init__("cosine", optimizer, num_training_steps, num_warmup_steps, num_cycles=num_cycles)


@LRScheduler.register("polynomial_with_warmup")
class PolynomialWithWarmup(TransformersScheduler):
    """Up to the given rate over `num_warmup_steps`, then a polynomial of degree `power` down to `lr_end`."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_training_steps: PositiveInt,
        num_warmup_steps: NonNegativeFloat = 0.1,
        lr_end: NonNegativeFloat = 1e-7,
        power: NonNegativeFloat = 1.0,
    ) -> None:
        super().__init__(
            "polynomial", optimizer, num_training_steps, num_warmup_steps, lr_end=lr_end, power=power
        )


@LRScheduler.register("inverse_sqrt_with_warmup")
class InverseSqrtWithWarmup(_ConstantTotal):
    """Up to the given rate over `num_warmup_steps`, then down with one over the square root of the step."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_training_steps: PositiveInt,
        num_warmup_steps: NonNegativeFloat = 0.1,
    ) -> None:
        super().__init__("inverse_sqrt", optimizer, num_training_steps, num_warmup_steps)
