"""Check a whole config before any data is read: each part by itself, then what the parts say of each other."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from causal_mtl.archive import FILE_EXTRAS, StagedFiles
from causal_mtl.common import ConfigurationError, ConfigurationErrors, Params, Plan, Problem, resolve
from causal_mtl.common.errors import problems_of, required
from causal_mtl.common.files import path_problem
from causal_mtl.common.plan import Construct, LazyPlan
from causal_mtl.common.signature import signature_of
from causal_mtl.common.text import split
from causal_mtl.data import DatasetReader
from causal_mtl.data.vocabulary import SPECIAL_TOKENS
from causal_mtl.models import Model, TaskGraph, level_problems
from causal_mtl.nn.architectures import Architecture
from causal_mtl.nn.precision import Device, DeviceType, Precision, choose_device, choose_precision
from causal_mtl.tasks import Task
from causal_mtl.training.evaluation import higher_is_better, names_of_results
from causal_mtl.training.metric_tracker import MetricTracker
from causal_mtl.training.options import TrainerOptions
from causal_mtl.training.settings import Settings
from causal_mtl.training.text_checks import indexer_problems, namespace_problems
from causal_mtl.training.trial import trial_problems


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
        plan = resolve(Settings, config, extras=FILE_EXTRAS, own_checks=True)
    except ConfigurationError as error:
        problems += problems_of(error)
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
    problems += _check_text(values, tasks or [], plan)
    problems += _check_paths(values)
    problems += _check_machine(values)
    problems += _check_validation(values, plan)
    if tasks:
        problems += _check_metric(values, tasks)
        problems += _check_levels(values, tasks)
    if isinstance(values.get("trainer"), Mapping):
        problems += trial_problems(values["trainer"])
    if plan is not None:
        problems += _build_problems(plan)
    if plan is None or graph is None or problems:
        raise ConfigurationErrors(problems or [Problem("model.tasks", required("tasks"))])
    return plan, graph


def _build_problems(plan: Plan) -> tuple[Problem, ...]:
    """What the constructors refuse of the parts that need neither data nor vocabulary."""
    staged = StagedFiles()  # removed with this name: not before the components have used it
    try:
        plan.build(**staged.extras)
    except ConfigurationError as error:
        return problems_of(error)
    return ()


def _check_text(values: Mapping[str, Any], tasks: list[Task], plan: Plan | None) -> Iterator[Problem]:
    """Token indexers, token embedders and the vocabulary."""
    embedders = _at(values, "model", "embedder")
    for key in ("dataset_reader", "validation_dataset_reader"):
        reader = _part(DatasetReader, values, key) if values.get(key) is not None else None
        if reader is not None and isinstance(embedders, Mapping):
            yield from indexer_problems(reader.token_indexers, embedders, key)
        if reader is not None and key == "dataset_reader":
            vocabulary = plan.child("vocabulary") if plan is not None else None
            vocabulary = vocabulary.inner if isinstance(vocabulary, LazyPlan) else vocabulary
            yield from namespace_problems(vocabulary, reader.token_indexers, tasks)
            yield from _check_counting(values, vocabulary)


def _check_counting(values: Mapping[str, Any], vocabulary: Plan | None) -> Iterator[Problem]:
    """What a vocabulary is counted from."""
    given = values.get("vocabulary")
    only_special = isinstance(given, Mapping) and set(given) <= set(SPECIAL_TOKENS)  # see `warm_start.expand`
    if vocabulary is not None and values.get("initial_weights") and not only_special:
        yield Problem(
            "vocabulary", "a model with initial_weights extends that of its archive: leave this key out"
        )
    counts = (
        not isinstance(vocabulary, Construct)
        or "instances" in signature_of(vocabulary.constructor).parameters
    )
    if values.get("datasets_for_vocab_creation") is not None and not counts:
        yield Problem(
            "datasets_for_vocab_creation", "has no effect, as this vocabulary counts nothing: leave it out"
        )


def _check_paths(values: Mapping[str, Any]) -> Iterator[Problem]:
    """The data must exist; URLs are believed. (For what components read see `ReadPath`.)"""
    paths = [(key, values.get(key)) for key in ("train_data_path", "validation_data_path", "test_data_path")]
    paths.append(("initial_weights", values.get("initial_weights")))
    for key, path in paths:
        if isinstance(path, str) and (problem := path_problem(path)):
            yield Problem(key, problem)
    for name in ("validation", "test"):
        counted = values.get("datasets_for_vocab_creation")
        if isinstance(counted, list) and name in counted and not values.get(f"{name}_data_path"):
            yield Problem("datasets_for_vocab_creation", f"{name!r} needs {name}_data_path")
    if values.get("evaluate_on_test") is True and not values.get("test_data_path"):
        yield Problem("evaluate_on_test", "needs test_data_path")


def _check_machine(values: Mapping[str, Any]) -> Iterator[Problem]:
    """This machine must have the device and the precision."""
    device, precision = _at(values, "trainer", "device"), _at(values, "trainer", "mixed_precision")
    found: DeviceType = "cpu"
    try:
        found = choose_device(device if device in get_args(Device) else "auto")
    except ConfigurationError as error:
        yield Problem("trainer.device", str(error))
    if precision in get_args(Precision):  # else absent, or reported elsewhere
        try:
            choose_precision(precision, found)
        except ConfigurationError as error:
            yield Problem("trainer.mixed_precision", str(error))


def _check_validation(values: Mapping[str, Any], plan: Plan | None) -> Iterator[Problem]:
    """What is steered by the score on validation data needs such data."""
    first, last = _at(values, "trainer", "choose_from_epoch"), _at(values, "trainer", "num_epochs")
    last = TrainerOptions.num_epochs if last is None else last
    if isinstance(first, int) and isinstance(last, int) and first > max(last, 1):
        yield Problem(
            "trainer.choose_from_epoch", f"no epoch can be chosen: training ends after epoch {last}"
        )
    if values.get("validation_data_path"):
        return
    for key in ("patience", "choose_from_epoch"):
        if _at(values, "trainer", key) is not None:
            yield Problem(f"trainer.{key}", "needs validation_data_path")
    trainer = plan.child("trainer") if plan is not None else None
    scheduler: Any = trainer.component("lr_scheduler") if trainer is not None else None
    if getattr(scheduler, "every", None) == "validation":
        yield Problem("trainer.lr_scheduler", f"{scheduler.__name__} needs validation_data_path")


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
        tracker.check_signs(higher_is_better(tasks))
    except ConfigurationError as error:
        yield Problem("", f"trainer.{error} (see model.tasks)")


def _check_levels(values: Mapping[str, Any], tasks: list[Task]) -> Iterator[Problem]:
    """Tasks that label tokens need a model and an architecture that have states of tokens."""
    for base, keys in ((Model, ("model",)), (Architecture, ("model", "architecture"))):
        chosen = _at(values, *keys)
        name = chosen if isinstance(chosen, str) else _at(chosen, "type")
        if not isinstance(name, str):
            continue
        try:
            component, _ = base.resolve_class_name(name)
        except ConfigurationError:
            continue  # unknown, which is reported elsewhere
        for line in level_problems(tasks, component):
            yield Problem("", f"model.{line}")


def _at(values: Any, *keys: str) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _part(annotation: Any, values: Mapping[str, Any], *keys: str) -> Any:
    """The object that the config describes there, as far as it resolves: what does not is reported elsewhere.

    Keys with mistakes are left out, so that one mistake does not hide others. None if that does not help.
    """
    path, value = ".".join(keys), copy.deepcopy(_at(values, *keys))
    staged = StagedFiles()
    for _ in range(2):
        try:
            return resolve(annotation, value, path=path, extras=FILE_EXTRAS).build(**staged.extras)
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
