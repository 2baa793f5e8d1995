"""The gradient of one optimizer step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from causal_mtl.data.loader import Loader
from causal_mtl.models.model import Model
from causal_mtl.training.engine import Engine
from causal_mtl.training.losses import LossSums, add_losses


def forward_backward(
    model: Model, loader: Loader, micro_batches: Sequence[Sequence[int]], engine: Engine
) -> LossSums:
    """Add the gradient of one step's objective to the parameters.

    The objective is ``Σ weight · total / count[task]`` over all losses, `count` being the number of sentences
    *of the whole step* that carry the task. It is known before the first forward pass, so cutting a step into
    other micro-batches, or sharing them among another number of processes, leaves the gradient as it is.

    Args:
        model: on the engine's device, in training mode.
        loader: gives batches and counts.
        micro_batches: instance indices; all of the step, whichever process works on them.
        engine: takes this process's share.

    Returns:
        The losses of this process's share.
    """
    counts = loader.counts(chain.from_iterable(micro_batches))
    seen = []
    for indices in engine.share(micro_batches):
        batch = loader.batch(indices).to(engine.device)
        with engine.autocast():
            output = model(batch)
        terms = [
            loss.weight * loss.total / counts[loss.task]
            for loss in output.losses.values()
            if counts[loss.task]
        ]
        objective = sum(terms)
        if terms and objective.requires_grad:
            engine.backward(objective)
        seen.append((output, batch.counts))
    sums = LossSums()
    add_losses(sums, seen)
    return sums
