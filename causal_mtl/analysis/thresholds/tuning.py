"""A trained model with other decision thresholds."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from causal_mtl.analysis.bootstrap import micro_f1
from causal_mtl.analysis.measures import deciding
from causal_mtl.analysis.thresholds.candidates import find_candidates, find_measure, tunable
from causal_mtl.analysis.thresholds.choice import Thresholds, cross_validated, tune
from causal_mtl.archive import copy_archive, load_archive
from causal_mtl.common import local_path, sha256
from causal_mtl.tasks import SpanClassification, Task
from causal_mtl.tasks.many_labels import ManyLabels
from causal_mtl.training.gold import read_gold


def tune_archive(
    archive: str | PathLike[str],
    data: str,
    final: Path,
    *,
    measure: str | None = None,
    min_count: int = 50,
    folds: int = 10,
    floor: float = 0.01,
) -> dict[str, Any]:
    """Choose the thresholds of one task by label, and write the model with them.

    Args:
        archive: a trained model.
        data: labelled data that training did not see.
        final: the new ``model.tar.gz``.
        measure: a micro-averaged F1 of the task; None: the metric by which the training chose its best epoch.
        min_count: labels with fewer gold items in `data` share one threshold.
        folds: of the cross-validation.
        floor: no threshold is below it.

    Returns:
        F1 (a fraction of 1) "as_trained", "tuned" on all of `data`, and "cross_validated", and the new "threshold"
        and "label_thresholds". The second flatters: it is scored on what the thresholds were chosen on. The third
        is an approximation where labels keep each other out (constraints, spans that must not overlap): there
        thresholds are chosen as if they did not.

    Raises:
        ConfigurationError: there is no such measure, or its task has no thresholds.
    """
    loaded = load_archive(archive)
    tasks = list(loaded.model.tasks)
    config = copy.deepcopy(loaded.config.as_dict(quiet=True))
    measure = measure or default_measure(config, tasks)
    task, _, _ = find_measure(tasks, measure)
    # The config's tasks need not stand in the order of the graph.
    number = next(n for n, of_task in enumerate(config["model"]["tasks"]) if of_task["name"] == task.name)
    instances = [item for item in read_gold(loaded, data, [task]) if task.name in item.annotations]
    low = {f"model.tasks.{number}.{key}": value for key, value in _low(task, floor).items()}
    candidates = find_candidates(load_archive(archive, low), instances, measure)
    start = Thresholds(task.threshold, task.label_thresholds)
    tuned = tune(candidates, start, min_count)
    known = set(task.label_names(loaded.vocab))
    settings = {
        "threshold": round(tuned.common, 6),
        "label_thresholds": {
            label: round(limit, 6) for label, limit in tuned.by_label.items() if label in known
        },
    }
    config["model"]["tasks"][number].update(settings)
    note = {"measure": measure, "data": data, "data_sha256": sha256(local_path(data)), "min_count": min_count}
    copy_archive(archive, final, config, {"tuned_thresholds": note})
    found = {
        "as_trained": find_candidates(loaded, instances, measure).all_found,
        "tuned": find_candidates(load_archive(final), instances, measure).all_found,
        "cross_validated": cross_validated(candidates, start, min_count, folds),
    }
    return {
        "measure": measure,
        **{name: round(float(micro_f1(counts)), 4) for name, counts in found.items()},
        **settings,
    }


def _low(task: ManyLabels, floor: float) -> dict[str, Any]:
    """Settings with which the task holds back nothing above `floor`."""
    low: dict[str, Any] = {"threshold": floor, "label_thresholds": {}}
    # A span must not keep others out that it would not keep out with the thresholds that are chosen.
    return {**low, "overlaps": "any"} if isinstance(task, SpanClassification) else low


def default_measure(config: dict[str, Any], tasks: Sequence[Task]) -> str:
    """The first of the deciding metrics that thresholds can be tuned for; if there is none, the first."""
    names = deciding([config])
    return next((name for name in names if name in tunable(tasks)), names[0])
