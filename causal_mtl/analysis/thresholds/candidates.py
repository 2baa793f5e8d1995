"""What a trained model finds when asked to hold back little: candidates to choose thresholds from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from causal_mtl.analysis.thresholds.choice import Candidates
from causal_mtl.archive import Archive
from causal_mtl.common import ConfigurationError
from causal_mtl.data import Annotation, Instance
from causal_mtl.data.instance import items_of
from causal_mtl.metrics.matching import MatchingMetric
from causal_mtl.predictors import Predictor
from causal_mtl.tasks import Task
from causal_mtl.tasks.many_labels import ManyLabels


def find_candidates(archive: Archive, instances: Sequence[Instance], measure: str) -> Candidates:
    """What the task of a measure finds with the thresholds that it has.

    Args:
        archive: a trained model.
        instances: with gold of the task.
        measure: a micro-averaged F1 of the task, such as "relations/exact_f1".

    Raises:
        ConfigurationError: there is no such measure, or its task has no thresholds.
    """
    task, metric, mode = find_measure(archive.model.tasks, measure)
    predicted = Predictor(archive).annotate([replace(instance, annotations={}) for instance in instances])
    found = [annotations[task.name] for annotations in predicted]
    gold = [item.annotations[task.name] for item in instances]
    return candidates(found, gold, instances, metric, mode, task.threshold)


def find_measure(tasks: Iterable[Task], measure: str) -> tuple[ManyLabels, MatchingMetric, str]:
    """The task that `measure` is of, its metric, and the metric's mode.

    Raises:
        ConfigurationError: there is none, or its task has no thresholds.
    """
    measures = tunable(tasks)
    if measure not in measures:
        known = ", ".join(measures) or "none"
        raise ConfigurationError(
            f"{measure!r} is no F1 of a task with thresholds; name one with --measure (this model has {known})"
        )
    return measures[measure]


def tunable(tasks: Iterable[Task]) -> dict[str, tuple[ManyLabels, MatchingMetric, str]]:
    """Every F1 of a task with thresholds, by name: what `find_measure` returns."""
    measures = {}
    for task in tasks:
        metric = task.metric()
        if isinstance(task, ManyLabels) and isinstance(metric, MatchingMetric):
            for mode in metric.modes:
                measures[f"{task.name}/{mode}_f1" if mode else f"{task.name}/f1"] = (task, metric, mode)
    return measures


def candidates(
    predicted: Sequence[Annotation],
    gold: Sequence[Annotation],
    instances: Sequence[Instance],
    metric: MatchingMetric,
    mode: str,
    floor: float,
) -> Candidates:
    """Items with their scores, matched with gold as `metric` does in `mode`; of equal items the best counts."""
    rows: list[tuple[int, str, float, bool]] = []
    wanted: list[tuple[int, str]] = []
    for sentence, (found, right, instance) in enumerate(zip(predicted, gold, instances, strict=True)):
        golden = metric.items(right, right.by_text, mode, instance)
        wanted += [(sentence, label) for label, _ in golden]
        best: dict = {}
        for score, part in items_of(found):
            for item in metric.items(part, right.by_text, mode, instance):
                best[item] = max(score or 0.0, best.get(item, 0.0))
        rows += [(sentence, item[0], score, item in golden) for item, score in best.items()]
    labels = sorted({label for _, label in wanted} | {label for _, label, _, _ in rows})
    number = {label: index for index, label in enumerate(labels)}
    counts = np.zeros((len(instances), len(labels)), dtype=np.int64)
    for sentence, label in wanted:
        counts[sentence, number[label]] += 1
    return Candidates(
        labels,
        floor,
        np.array([sentence for sentence, *_ in rows], dtype=np.int64),
        np.array([number[label] for _, label, _, _ in rows], dtype=np.int64),
        np.array([score for _, _, score, _ in rows], dtype=np.float64),
        np.array([correct for *_, correct in rows], dtype=bool),
        counts,
    )
