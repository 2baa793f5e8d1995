"""``causal-mtl evaluate``."""

from __future__ import annotations

import argparse
import json
import logging
import math
from typing import TYPE_CHECKING, Any, Literal

from causal_mtl.commands.options import add_batch_size, add_engine_options, check_engine_options
from causal_mtl.commands.output import STANDARD, as_line, check_outputs, open_output, write_text
from causal_mtl.common import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from causal_mtl.archive import Archive
    from causal_mtl.data import Annotation, Instance
    from causal_mtl.metrics import Metric
    from causal_mtl.models import Model
    from causal_mtl.tasks import Task

logger = logging.getLogger(__name__)


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "evaluate",
        help="score a model on labelled data",
        description="Score a model on data that its config's reader reads, and print the metrics as JSON.",
    )
    parser.add_argument("archive", metavar="ARCHIVE", help="a model.tar.gz, or the directory of a training")
    parser.add_argument("data", metavar="DATA", help="a file (or URL) of labelled data")
    parser.add_argument(
        "--output-file", metavar="FILE", help="write the metrics there; - is standard output (the default)"
    )
    parser.add_argument(
        "--predictions-output-file",
        metavar="FILE",
        help="write all sentences as predicted, as JSONL (-: print them)",
    )
    parser.add_argument(
        "--errors-output-file",
        metavar="FILE",
        help="write sentences with errors, and what was missed and made up (-: print them)",
    )
    parser.add_argument(
        "--tasks",
        metavar="A,B",
        type=lambda text: text.split(","),
        help="score these tasks only (default: all of the model; the data must have gold for each)",
    )
    parser.add_argument(
        "--given-gold",
        metavar="TASK",
        nargs="+",
        default=[],
        help="set the gold labels of these tasks and score the others (an oracle)",
    )
    parser.add_argument("--per-label", action="store_true", help="add the measures of every label by itself")
    parser.add_argument(
        "--calibration",
        action="store_true",
        help="add how far the scores of each task's predictions are from how often they are right (ECE)",
    )
    parser.add_argument(
        "--constraints",
        choices=("training", "none"),
        help="predict only labels together that training showed together, or without any constraints "
        "(default: as the model was trained)",
    )
    add_batch_size(parser)
    add_engine_options(parser)
    parser.add_argument("-o", "--overrides", default="", help="changes to the model's config as jsonnet")
    return parser


def run(options: argparse.Namespace) -> None:
    """Evaluate and write what is asked for."""
    from causal_mtl.archive import load_archive

    check_engine_options(options)
    check_outputs(
        output_file=options.output_file or STANDARD,
        predictions_output_file=options.predictions_output_file,
        errors_output_file=options.errors_output_file,
    )
    archive = load_archive(options.archive, options.overrides, options.device)
    if options.constraints:
        _constrain(archive.model, options.constraints)
    archive.model.tasks.check_names(options.given_gold, "--given-gold")
    tasks = _tasks(archive, options.tasks, options.given_gold)
    instances = _read(archive, tasks, options)
    metrics = {task.name: task.metric() for task in tasks}
    results, predicted = _evaluate(archive, instances, metrics, options)
    if options.per_label:
        results["per_label"] = {name: metric.per_label() for name, metric in metrics.items()}
    if options.calibration:
        results["calibration"] = _calibration(metrics, instances, predicted)
    if options.predictions_output_file:
        _write_predictions(options.predictions_output_file, instances, predicted)
    if options.errors_output_file:
        _write_errors(options.errors_output_file, instances, predicted)
    _check_finite(results, options.data)
    write_text(options.output_file, json.dumps(results, indent=2, ensure_ascii=False) + "\n")


def _read(archive: Archive, tasks: list[Task], options: argparse.Namespace) -> list[Instance]:
    """The gold of `tasks` and of those that are given; what the model cannot hold is warned of."""
    from causal_mtl.training.data_report import describe_for_model, problems
    from causal_mtl.training.gold import read_gold

    used = [task for task in archive.model.tasks if task in tasks or task.name in options.given_gold]
    instances = read_gold(archive, options.data, used)
    for problem in problems(describe_for_model(instances, used, archive.vocab), used, options.data):
        logger.warning(problem)
    return instances


def _evaluate(
    archive: Archive, instances: list[Instance], metrics: Mapping[str, Metric], options: argparse.Namespace
) -> tuple[dict[str, Any], list[dict[str, Annotation]]]:
    """Scores, and what was predicted for each sentence."""
    from causal_mtl.data.loader import Loader
    from causal_mtl.training import Batching, Engine, evaluate
    from causal_mtl.training.frozen_cache import use_cache

    loader = Loader(instances, archive.vocab, archive.reader.token_indexers, archive.model.tasks)
    use_cache(archive.model, [(options.data, loader)], archive.device, make=False)
    predicted: dict[int, dict[str, Annotation]] = {}
    results: dict[str, Any] = evaluate(
        archive.model,
        loader,
        Engine(options.device, options.mixed_precision),
        Batching(batch_size=options.batch_size),
        metrics=metrics,
        given=options.given_gold,
        on_batch=lambda indices, _, annotations: predicted.update(zip(indices, annotations, strict=True)),
    )
    results["sentences"] = len(instances)
    if options.given_gold:
        results["given"] = {
            name: sum(name in instance.annotations for instance in instances) for name in options.given_gold
        }
    return results, [predicted[number] for number in range(len(instances))]


def _check_finite(results: Mapping[str, Any], data: str) -> None:
    """Refuse scores of a broken model."""
    bad = [name for name, value in results.items() if isinstance(value, float) and not math.isfinite(value)]
    if bad:
        raise ConfigurationError(f"{data}: not finite: {', '.join(bad)}; the model's weights are no good")


def _constrain(model: Model, constraints: Literal["training", "none"]) -> None:
    """Decode under other constraints than those of the model's config."""
    try:
        model.constrain(constraints)
        model.decoding()
    except ConfigurationError as error:
        raise ConfigurationError(f"--constraints {constraints}: {error.message}") from None


def _calibration(
    metrics: Mapping[str, Metric], instances: list[Instance], predicted: list[dict[str, Annotation]]
) -> dict[str, Any]:
    """By task; a plugin's metric that does not match items cannot tell which are right, and is left out."""
    from causal_mtl.metrics.matching import MatchingMetric
    from causal_mtl.training.calibration import calibration

    return {
        task: calibration(
            metric,
            [annotations[task] for annotations in predicted],
            [(instance.annotations.get(task), instance) for instance in instances],
        )
        for task, metric in metrics.items()
        if isinstance(metric, MatchingMetric)
    }


def _tasks(archive: Archive, names: list[str] | None, given: list[str]) -> list[Task]:
    """The tasks of these names, by default all that are not given."""
    tasks = archive.model.tasks
    tasks.check_names(names or (), "--tasks")
    if both := [name for name in names or () if name in given]:
        raise ConfigurationError(f"--tasks: {both[0]!r} is given, so there is nothing to score")
    chosen = [task for task in tasks if task.name not in given and (names is None or task.name in names)]
    if not chosen:
        raise ConfigurationError("--given-gold: all tasks are given, so there is nothing to score")
    return chosen


def _write_predictions(path: str, instances: list[Instance], predicted: list[dict[str, Annotation]]) -> None:
    from causal_mtl.data.schema import to_json

    with open_output(path) as file:
        for instance, annotations in zip(instances, predicted, strict=True):
            file.write(as_line(to_json(instance, annotations)))


def _write_errors(path: str, instances: list[Instance], predicted: list[dict[str, Annotation]]) -> None:
    from causal_mtl.predictors import compare

    with open_output(path) as file:
        for number, (instance, annotations) in enumerate(zip(instances, predicted, strict=True), start=1):
            if errors := compare(instance, instance.annotations, annotations):
                file.write(as_line({"sentence": number, "text": instance.text, "errors": errors}))
