"""torch's schedulers."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch.optim import lr_scheduler

from causal_mtl.common import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, Probability, Range
from causal_mtl.training.lr_schedulers.lr_scheduler import LRScheduler
from causal_mtl.training.parameter_groups import LR_FACTOR


@LRScheduler.register("step")
class StepLR(lr_scheduler.StepLR, LRScheduler):
    """Multiplies the rate by `gamma` every `step_size` epochs."""

    def __init__(
        self, optimizer: torch.optim.Optimizer, step_size: PositiveInt, gamma: PositiveFloat = 0.1
    ) -> None:
        super().__init__(optimizer, step_size, gamma)


@LRScheduler.register("multi_step")
class MultiStepLR(lr_scheduler.MultiStepLR, LRScheduler):
    """Multiplies the rate by `gamma` after each of the epochs in `milestones`."""

    def __init__(
        self, optimizer: torch.optim.Optimizer, milestones: list[PositiveInt], gamma: PositiveFloat = 0.1
    ) -> None:
        super().__init__(optimizer, milestones, gamma)


@LRScheduler.register("exponential")
class ExponentialLR(lr_scheduler.ExponentialLR, LRScheduler):
    """Multiplies the rate by `gamma` every epoch."""

    def __init__(self, optimizer: torch.optim.Optimizer, gamma: PositiveFloat) -> None:
        super().__init__(optimizer, gamma)


@LRScheduler.register("cosine")
class CosineAnnealingLR(lr_scheduler.CosineAnnealingLR, LRScheduler):
    """Half a cosine from the given rate to `eta_min` over `num_epochs` (default: the whole training)."""

    def __init__(
        self, optimizer: torch.optim.Optimizer, num_epochs: PositiveInt, eta_min: NonNegativeFloat = 0.0
    ) -> None:
        super().__init__(optimizer, num_epochs, eta_min)


@LRScheduler.register("cosine_with_restarts")
class CosineAnnealingWarmRestarts(lr_scheduler.CosineAnnealingWarmRestarts, LRScheduler):
    """Half a cosine over `T_0` epochs, then anew, each `T_mult` times as long as the one before."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        T_0: PositiveInt,
        T_mult: PositiveInt = 1,
        eta_min: NonNegativeFloat = 0.0,
    ) -> None:
        super().__init__(optimizer, T_0, T_mult, eta_min)


@LRScheduler.register("linear")
class LinearLR(lr_scheduler.LinearLR, LRScheduler):
    """Goes linearly from `start_factor` to `end_factor` times the rate over `total_iters` epochs."""

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        start_factor: Annotated[float, Range(gt=0, le=1)] = 1 / 3,
        end_factor: Annotated[float, Range(ge=0, le=1)] = 1.0,
        total_iters: PositiveInt = 5,
    ) -> None:
        super().__init__(optimizer, start_factor, end_factor, total_iters)


@LRScheduler.register("one_cycle")
class OneCycleLR(lr_scheduler.OneCycleLR, LRScheduler):
    """Up to `max_lr` and down again over the whole training, step by step (momentum the other way).

    A config may give `num_training_steps` itself: if there are more, the rate stays where it ended.
    """

    every = "step"

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_training_steps: PositiveInt,
        max_lr: PositiveFloat | list[PositiveFloat],
        pct_start: Probability = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        div_factor: PositiveFloat = 25.0,
        final_div_factor: PositiveFloat = 1e4,
    ) -> None:
        super().__init__(
            optimizer,
            _by_group(max_lr, optimizer),
            # torch counts the rate that is set at the start as a step of its own
            total_steps=num_training_steps + 1,
            pct_start=pct_start,
            anneal_strategy=anneal_strategy,
            cycle_momentum=cycle_momentum,
            div_factor=div_factor,
            final_div_factor=final_div_factor,
        )

    def after_step(self) -> None:
        """The next rate; torch would refuse a step beyond the last one."""
        if self.last_epoch < self.total_steps - 1:
            self.step()


def _by_group(rate: float | list[float], optimizer: torch.optim.Optimizer) -> float | list[float]:
    """A rate that replaces those of all groups, lower where layers have a factor (`layer_decay`)."""
    factors = [group.get(LR_FACTOR, 1) for group in optimizer.param_groups]
    return rate if isinstance(rate, list) or set(factors) == {1} else [rate * factor for factor in factors]


@LRScheduler.register("reduce_on_plateau")
class ReduceLROnPlateau(lr_scheduler.ReduceLROnPlateau, LRScheduler):
    """Multiplies the rate by `factor` when the validation metric has not risen for `patience` epochs.

    Args:
        optimizer: filled in by the trainer.
        factor: what the rate is multiplied by.
        patience: epochs without a better score that are let pass.
        threshold: a score must be better by more than this to count (absolute).
        cooldown: epochs to wait after a reduction.
        min_lr: the rate never falls below this.
        eps: smaller changes of the rate than this are not made.
    """

    every = "validation"

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        factor: Annotated[float, Range(gt=0, lt=1)] = 0.1,
        patience: NonNegativeInt = 10,
        threshold: NonNegativeFloat = 1e-4,
        cooldown: NonNegativeInt = 0,
        min_lr: NonNegativeFloat | list[NonNegativeFloat] = 0.0,
        eps: NonNegativeFloat = 1e-8,
    ) -> None:
        super().__init__(
            optimizer, "max", factor, patience, threshold, "abs", cooldown, min_lr=min_lr, eps=eps
        )
