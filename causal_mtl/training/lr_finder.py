"""A learning rate range test: raise the rate step by step and see how far the loss falls."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import TYPE_CHECKING

from tqdm import tqdm

from causal_mtl.common import ConfigurationError
from causal_mtl.data.loader import Loader
from causal_mtl.models.model import Model
from causal_mtl.training.batching import Batching
from causal_mtl.training.engine import Engine
from causal_mtl.training.optimizers import make_optimizer
from causal_mtl.training.parameter_groups import LR_FACTOR
from causal_mtl.training.seeds import random_state, restore_random_state, seed_everything
from causal_mtl.training.step import forward_backward

if TYPE_CHECKING:
    from causal_mtl.training.trainer import Trainer


@dataclass(frozen=True)
class LRCurve:
    """What the test saw.

    Attributes:
        points: (learning rate, smoothed loss) of each step.
        suggestion: a tenth of the rate at which the loss is lowest; None if the loss never falls.
    """

    points: list[tuple[float, float]]
    suggestion: float | None


def find_lr(
    trainer: Trainer,
    model: Model,
    loader: Loader,
    *,
    batching: Batching | None = None,
    start_lr: float = 1e-6,
    end_lr: float = 1.0,
    num_steps: int = 100,
    smoothing: float = 0.9,
    stop_factor: float | None = 4.0,
    seed: int = 13370,
) -> LRCurve:
    """Train for some steps with a rate that grows exponentially; afterwards `model` is as it was before.

    Args:
        trainer: its optimizer, parameter groups (all get the same rate, lower layers less by `layer_decay`),
            clipping, precision and device.
        model: what a training would start from.
        loader: training data; begins anew with other batches when it is used up.
        batching: sentences or tokens per batch.
        start_lr: rate of the first step.
        end_lr: rate of the last step.
        num_steps: how many.
        smoothing: weight of the past in the running mean of losses (0: none).
        stop_factor: stop early when the loss is this many times the best; None never does.
        seed: of batches and dropout.
    """
    if not 0 < start_lr < end_lr or num_steps < 2:
        raise ConfigurationError("find-lr needs 0 < start_lr < end_lr and at least 2 steps")
    before = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    frozen = {name: p.requires_grad for name, p in model.named_parameters()}
    generators, was_training = random_state(), model.training
    seed_everything(seed, trainer.deterministic)
    rates = [start_lr * (end_lr / start_lr) ** (step / (num_steps - 1)) for step in range(num_steps)]
    points: list[tuple[float, float]] = []
    mean = 0.0
    try:
        for rate, loss in _losses(trainer, model, loader, batching or Batching(), rates, seed):
            mean = smoothing * mean + (1 - smoothing) * loss
            smooth = mean / (1 - smoothing ** (len(points) + 1))  # corrected for the start at 0
            lowest = min((seen for _, seen in points), default=smooth)
            if not math.isfinite(smooth) or (stop_factor and smooth > stop_factor * lowest):
                break
            points.append((rate, smooth))
    finally:
        model.load_state_dict(before)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(frozen[name])
            parameter.grad = None
        model.train(was_training)
        restore_random_state(generators)
    return LRCurve(points, _suggest(points))


def _losses(
    trainer: Trainer, model: Model, loader: Loader, batching: Batching, rates: list[float], seed: int
) -> Iterator[tuple[float, float]]:
    """One optimizer step with each rate, and the loss before it."""
    engine = Engine(trainer.device, trainer.mixed_precision)
    engine.prepare(model)
    optimizer = engine.prepare_optimizer(make_optimizer(model, trainer.optimizer, trainer.parameter_groups))
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    model.train()
    epochs = (batching.training(loader.lengths, seed, epoch) for epoch in count(1))
    batches = chain.from_iterable(epochs)
    for rate in tqdm(rates, desc="find-lr", leave=False, disable=None):
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get(LR_FACTOR, 1)
        micro_batches = list(islice(batches, trainer.gradient_accumulation_steps))
        loss = forward_backward(model, loader, micro_batches, engine).means().get("loss")
        if loss is not None:  # None: none of these sentences is annotated
            yield rate, loss
            engine.finish_gradients(parameters, trainer.grad_norm, trainer.grad_clipping)
            engine.step(optimizer)


def _suggest(points: list[tuple[float, float]]) -> float | None:
    """A tenth of the rate with the lowest loss: where it falls fastest is mostly a matter of noise."""
    settled = len(points) // 10  # the running mean begins with the noise of single batches
    if len(points) <= settled + 1:
        return None
    lowest, rate = min((loss, rate) for rate, loss in points[settled:])
    return rate / 10 if lowest < points[settled][1] else None
