"""What a training can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from causal_mtl.common import Late, Lazy, NonNegativeInt, PositiveFloat, PositiveInt
from causal_mtl.nn.precision import Device, Precision
from causal_mtl.training.callbacks import Callback
from causal_mtl.training.lr_schedulers import LRScheduler
from causal_mtl.training.moving_average import MovingAverage
from causal_mtl.training.optimizers import Optimizer
from causal_mtl.training.parameter_groups import ParameterGroup


@dataclass
class TrainerOptions:
    """The settings of a `Trainer`.

    Args:
        num_epochs: at most so many.
        optimizer: one of the registered optimizers (default: adam).
        lr_scheduler: one of the registered schedulers; None keeps the rate.
        parameter_groups: options of the optimizer for parts of the model, or parts to freeze.
        validation_metric: what makes an epoch the best: a metric with "+" (higher is better) or "-", or
            several, which are added.
        patience: stop after so many epochs without a better one; None trains them all.
        choose_from_epoch: the first epoch that can be the best, and that counts for `patience`: with a
            "scheduled" sampler of 5 gold epochs, 6 leaves out those that have not seen a sampled label.
        grad_norm: clip the norm of all gradients together to this.
        grad_clipping: clip each gradient's absolute value to this.
        mixed_precision: "no" (fp32), "bf16", "fp16" (CUDA only), or "auto": bf16 where the hardware has it,
            else fp32.
        gradient_accumulation_steps: batches per step and process.
        moving_average: evaluate and keep averaged weights.
        callbacks: see `Callback`.
        keep_checkpoints: how many of the newest checkpoints stay on disk; the best always does.
        checkpoint_every_steps: also write a checkpoint each time so many steps are done within an epoch.
        device: "auto" (a CUDA device if there is one, else the CPU), "cpu" or "cuda".
        deterministic: only deterministic kernels; slower on CUDA.
    """

    num_epochs: NonNegativeInt = 20
    optimizer: Annotated[Lazy[Optimizer], Late("params")] = field(
        default_factory=lambda: Lazy(Optimizer.by_name("adam"))
    )
    lr_scheduler: (
        Annotated[Lazy[LRScheduler], Late("optimizer", "num_training_steps", "num_epochs")] | None
    ) = None
    parameter_groups: list[ParameterGroup] = field(default_factory=list)
    validation_metric: str | list[str] = "-loss"
    patience: PositiveInt | None = None
    choose_from_epoch: PositiveInt = 1
    grad_norm: PositiveFloat | None = None
    grad_clipping: PositiveFloat | None = None
    mixed_precision: Precision = "no"
    gradient_accumulation_steps: PositiveInt = 1
    moving_average: MovingAverage | None = None
    callbacks: list[Callback] = field(default_factory=list)
    keep_checkpoints: PositiveInt = 1
    checkpoint_every_steps: PositiveInt | None = None
    device: Device = "auto"
    deterministic: bool = False
