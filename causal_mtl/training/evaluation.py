"""Losses and metrics of a model on data whose labels are known."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import torch

from causal_mtl.data.batching import split_by
from causal_mtl.data.instance import Annotation
from causal_mtl.data.loader import Batch, Loader
from causal_mtl.metrics import Metric
from causal_mtl.models.model import Model
from causal_mtl.models.output import LOSS_PARTS
from causal_mtl.tasks import Task
from causal_mtl.training.batching import Batching
from causal_mtl.training.engine import Engine
from causal_mtl.training.losses import LossSums, add_losses

OnBatch = Callable[[list[int], Batch, list[dict[str, Annotation]]], None]
OnLosses = Callable[[Sequence[int], LossSums], None]


def evaluate(
    model: Model,
    loader: Loader,
    engine: Engine,
    batching: Batching | None = None,
    *,
    metrics: Mapping[str, Metric] | None = None,
    given: Collection[str] = (),
    on_batch: OnBatch | None = None,
    on_losses: OnLosses | None = None,
) -> dict[str, float]:
    """Score `model` on all sentences of `loader`.

    Args:
        model: is moved to the engine's device and left in the mode (training or not) it was in.
        loader: of the data.
        engine: ``Engine("cpu")`` will do. With several processes each takes a share and all get the result.
        batching: how many sentences at a time (default: 32).
        metrics: one per task, to look into afterwards; made anew if not given. Tasks without one are not
            scored.
        given: tasks whose gold is set, where there is any, and not predicted.
        on_batch: called with (instance indices, batch, one ``{task: annotation}`` per sentence) after each
            batch of this process; the indices tell the order of the data, as batches go by length.
        on_losses: called with (instance indices, losses) after each batch of this process.

    Returns:
        "loss" (weighted total), "<task>/loss" and further parts such as "<task>/kl" (means over sentences),
        "<task>/<measure>", those of consistency included, and "seconds".
    """
    started = time.perf_counter()
    if metrics is None:
        metrics = {task.name: task.metric() for task in model.tasks}
    consistency = [(task, metric) for task, metric in model.consistency() if task in metrics]
    sums = LossSums()
    was_training = model.training
    model.to(engine.device).eval()
    try:
        # Not inference_mode: what a model caches here (a frozen transformer's output) must be usable in
        # training.
        with torch.no_grad():
            for indices in engine.share(_batches(loader, batching or Batching(), given)):
                batch = loader.batch(indices).to(engine.device)
                with engine.autocast():
                    labels = {name: batch.labels[name] for name in given if name in batch.labels}
                    output = model(batch, labels or None)
                    predictions = model.decode(output, batch, labels or None)
                add_losses(losses := LossSums(), [(output, batch.counts)])
                if on_losses is not None:
                    on_losses(indices, losses)
                sums.update(losses)
                for task, metric in metrics.items():
                    if task in batch.labels:
                        predicted = [sentence[task] for sentence in predictions]
                        metric(predicted, batch.labels[task].annotations, batch.instances)
                for _, metric in consistency:
                    gold = [instance.annotations for instance in batch.instances]
                    metric(predictions, gold, batch.instances)
                if on_batch is not None:
                    on_batch(indices, batch, predictions)
    finally:
        model.train(was_training)
    return _gather(sums, [*metrics.items(), *consistency], engine) | {
        "seconds": time.perf_counter() - started
    }


def _batches(loader: Loader, batching: Batching, given: Collection[str]) -> list[list[int]]:
    """Those of evaluation; what is set is the same in a batch, so that a text's draws do not depend on others."""
    made = batching.evaluation(loader.lengths)
    if not given:
        return made
    return split_by([frozenset(given).intersection(one.annotations) for one in loader.instances], made)


def _gather(sums: LossSums, metrics: Sequence[tuple[str, Metric]], engine: Engine) -> dict[str, float]:
    """The results over all processes; `metrics` with the names of their tasks."""
    if engine.world_size > 1:
        everything = engine.gather((sums, [metric.counts for _, metric in metrics]))
        sums = LossSums.merged(other for other, _ in everything)
        for index, (_, metric) in enumerate(metrics):
            total: Counter = Counter()
            for _, counters in everything:
                total.update(counters[index])
            metric.counts.clear()
            metric.counts.update(total)
    results = sums.means()
    for task, metric in metrics:
        results.update({f"{task}/{measure}": value for measure, value in metric.get_metric().items()})
    return results


def names_of_results(tasks: Iterable[Task], asked: Iterable[str] = ()) -> list[str]:
    """What `evaluate` reports of every model with these tasks; what a training can be steered by.

    Of `asked` those are added that only some models have: parts of losses.
    """
    names = ["loss"]
    for task in tasks:
        parts = [f"{task.name}/{part}" for part in LOSS_PARTS]
        names += [f"{task.name}/loss", *task.metric_names(), *(name for name in asked if name in parts)]
    return names


def names_of_losses(model: Model, loader: Loader, engine: Engine, tasks: Iterable[str]) -> set[str]:
    """What a model reports of its losses on sentences that are annotated for `tasks`, one for each."""
    found = (
        next((n for n, instance in enumerate(loader.instances) if task in instance.annotations), None)
        for task in tasks
    )
    indices = sorted({number for number in found if number is not None})
    was_training = model.training
    model.to(engine.device).eval()
    with torch.no_grad(), engine.autocast():
        batch = loader.batch(indices).to(engine.device)
        add_losses(sums := LossSums(), [(model(batch), batch.counts)])
    model.train(was_training)
    return set(sums.means())


def higher_is_better(tasks: Iterable[Task]) -> dict[str, bool | None]:
    """Of each result of `evaluate` whether higher is better; None where the metric does not say."""
    directions: dict[str, bool | None] = {"loss": False}
    for task in tasks:
        directions.update({f"{task.name}/{part}": False for part in ("loss", *LOSS_PARTS)})
        directions.update({name: measure.higher_is_better for name, measure in task.measures().items()})
    return directions
