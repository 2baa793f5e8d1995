"""Check a whole config before any data is read: each part by itself, then what the parts say of each other."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError, ConfigurationErrors, Params, Plan, Problem, resolve
from causal_mtl.common.errors import required
from causal_mtl.common.text import split
from causal_mtl.data import DatasetReader
from causal_mtl.models import TaskGraph
from causal_mtl.tasks import Task
from causal_mtl.training.evaluation import names_of_results
from causal_mtl.training.metric_tracker import MetricTracker
from causal_mtl.training.settings import Settings


def check(config: Params) -> tuple[Plan, TaskGraph]:
    """Resolve a config.

    Returns:
        The plan of its `Settings`, and the graph of its tasks.

    Raises:
        ConfigurationError: listing every problem with its key path.
    """
    values = config.as_dict(quiet=True)
    problems: list[Problem] = []
    plan = None
    try:
        plan = resolve(Settings, config, own_checks=True)
    except ConfigurationError as error:
        problems += _problems(error)
    graph = None
    tasks = _part(list[Task], values, "model", "tasks")
    if tasks is not None:
        try:
            graph = TaskGraph(tasks)
        except ConfigurationError as error:
            for line in error.message.splitlines():
                problems.append(
                    Problem("", f"model.{line}" if line.startswith("tasks[") else f"model: {line}")
                )
    problems += _check_indexers(values)
    problems += _check_paths(values)
    if tasks:
        problems += _check_metric(values, tasks)
    if plan is None or graph is None or problems:
        raise ConfigurationErrors(problems or [Problem("model.tasks", required("tasks"))])
    return plan, graph


def pretrained_files(values: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The files that parts of a config will read besides the data: `(key path, file)`."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            here = f"{path}.{key}" if path else key
            if key == "pretrained_file" and isinstance(value, str):
                yield here, value
            else:
                yield from pretrained_files(value, here)
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from pretrained_files(value, f"{path}[{number}]")


def _check_indexers(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Every token embedder must have a token indexer of its name, and the reverse."""
    embedders = _at(values, "model", "embedder")
    if not isinstance(embedders, Mapping):
        return
    for key in ("dataset_reader", "validation_dataset_reader"):
        reader = _part(DatasetReader, values, key) if values.get(key) is not None else None
        if reader is None:
            continue
        for name in embedders:
            if name not in reader.token_indexers:
                there = ", ".join(reader.token_indexers)
                yield Problem(
                    f"model.embedder.{name}", f"{key}.token_indexers has no {name!r} (there: {there})"
                )
        for name in reader.token_indexers:
            if name not in embedders:
                there = ", ".join(embedders)
                yield Problem(
                    f"{key}.token_indexers.{name}", f"model.embedder has no {name!r} (there: {there})"
                )


def _check_paths(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Files must exist; URLs are believed."""
    paths = [(key, values.get(key)) for key in ("train_data_path", "validation_data_path", "test_data_path")]
    paths.append(("initial_weights", values.get("initial_weights")))
    for key, path in [*paths, *pretrained_files(values)]:
        if isinstance(path, str) and "://" not in path and not Path(path).expanduser().exists():
            yield Problem(key, f"there is no file {path!r} (seen from {Path.cwd()})")
    for name in ("validation", "test"):
        counted = name in (values.get("datasets_for_vocab_creation") or ())
        if counted and not values.get(f"{name}_data_path"):
            yield Problem("datasets_for_vocab_creation", f"{name!r} needs {name}_data_path")
    if values.get("evaluate_on_test") is True and not values.get("test_data_path"):
        yield Problem("evaluate_on_test", "needs test_data_path")


def _check_metric(values: Mapping[str, Any], tasks: list[Task]) -> Iterator[Problem]:
    """The metric that chooses the best epoch must be one that these tasks have."""
    metric = _at(values, "trainer", "validation_metric")
    if not isinstance(metric, str) and not (
        isinstance(metric, list) and all(isinstance(n, str) for n in metric)
    ):
        return  # absent, or of a wrong type, which is reported elsewhere
    if not values.get("validation_data_path"):
        yield Problem("trainer.validation_metric", "needs validation_data_path")
    try:
        tracker = MetricTracker(metric)
        tracker.check(names_of_results(tasks, tracker.names))
    except ConfigurationError as error:
        yield Problem("", f"trainer.{error}")


def _at(values: Any, *keys: str) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _part(annotation: Any, values: Mapping[str, Any], *keys: str) -> Any:
    """The object that the config describes there, as far as it resolves: what does not is reported elsewhere.

    Keys with mistakes are left out, so that one mistake does not hide others. None if that does not help.
    """
    path, value = ".".join(keys), copy.deepcopy(_at(values, *keys))
    for _ in range(2):
        try:
            return resolve(annotation, value, path=path).build()
        except ConfigurationErrors as error:
            for problem in error.problems:
                _remove(value, split(problem.path)[len(keys) :])
        except ConfigurationError:
            break
    return None


def _remove(value: Any, segments: list[str]) -> None:
    """Take away the key at `segments` below `value`, if it is there."""
    *above, last = segments or [""]
    for segment in above:
        value = (
            value[int(segment)] if isinstance(value, list) and segment.isdecimal() else _at(value, segment)
        )
    if isinstance(value, dict):
        value.pop(last, None)


def _problems(error: ConfigurationError) -> list[Problem]:
    return list(error.problems) if isinstance(error, ConfigurationErrors) else [Problem("", error.message)]
