"""What a trained model got right in each sentence, as counts: what a bootstrap draws from."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.groups import TripleGroups, triple_groups
from causal_mtl.common import ConfigurationError, local_path, sha256

if TYPE_CHECKING:
    from causal_mtl.data import Instance
    from causal_mtl.metrics import Measure, Metric
    from causal_mtl.predictors import Predictor
    from causal_mtl.tasks import Task

logger = logging.getLogger(__name__)

KINDS = ("correct", "predicted", "gold")
"""The columns of an F1."""


@dataclass(frozen=True)
class SentenceCounts:
    """The counts of one trained model on one data set.

    Attributes:
        data: the path of the labelled data.
        data_sha256: of its bytes.
        archive_sha256: of the model's archive.
        measures: of every main measure that is a ratio of sums over sentences and whose task has gold, by name,
            such as "relations/exact_f1": ints, `(sentences, columns)`.
        columns: what the columns of each measure are; of one that is not named here, `KINDS`.
        groups: of the same sentences, by task of relations; None in a record of a time before there were groups.
        warning: what is to be said of the data; None in a record of a time before gold was checked.
    """

    data: str
    data_sha256: str
    archive_sha256: str
    measures: dict[str, NDArray[np.int64]]
    groups: dict[str, TripleGroups] | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warning: str | None = None

    def columns_of(self, measure: str) -> tuple[str, ...]:
        """The names of the columns of `measure`."""
        return self.columns.get(measure, KINDS)

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it: a measure's columns as lists, by name."""
        measures = {
            name: {column: counts[:, i].tolist() for i, column in enumerate(self.columns_of(name))}
            for name, counts in self.measures.items()
        }
        groups: Any = self.groups
        groups = groups and {task: vars(of_task) for task, of_task in groups.items()}
        record = {name: value for name, value in vars(self).items() if name != "columns"}
        return {**record, "measures": measures, "groups": groups}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> SentenceCounts:
        """Back from `to_json`.

        Raises:
            KeyError, TypeError or ValueError: it is something else.
        """
        columns = {name: tuple(of_measure) for name, of_measure in record["measures"].items()}
        measures = {
            name: np.array(list(of_measure.values()), dtype=np.int64).T
            for name, of_measure in record["measures"].items()
        }
        groups = record.get("groups")
        groups = groups and {task: TripleGroups(**of_task) for task, of_task in groups.items()}
        named = {name: record[name] for name in ("data", "data_sha256", "archive_sha256")}
        return cls(**named, measures=measures, groups=groups, columns=columns, warning=record.get("warning"))


def sentence_counts(directory: Path, archive: Path, data: str) -> SentenceCounts:
    """Count what the model of a training finds in `data`, sentence by sentence.

    The counts are kept in ``counts/`` of `directory`, one file per data set, and counted again only when the bytes
    of archive or data are others, or when what is kept lacks the groups or was counted without a look at the gold.

    Args:
        directory: of the training.
        archive: its trained model.
        data: a file or URL of labelled data, as the config's reader reads it.

    Raises:
        ConfigurationError: there is no such data, its gold is of another kind, or the archive cannot be loaded.
    """
    try:
        data_sha256, archive_sha256 = sha256(local_path(data)), sha256(archive)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{directory}: {error}") from None
    cache = directory / "counts" / f"{data_sha256[:16]}.json"
    counts = _kept(cache)
    if counts is None or (counts.data_sha256, counts.archive_sha256) != (data_sha256, archive_sha256):
        logger.info("%s: predicting %s", directory, data)
        counts = _counted(archive, data, data_sha256, archive_sha256)
        _keep(cache, counts)
    return replace(counts, data=data)


def _counted(archive: Path, data: str, data_sha256: str, archive_sha256: str) -> SentenceCounts:
    from causal_mtl.predictors import load  # torch: not needed where everything is counted already
    from causal_mtl.training.gold import check_gold, may_be_part

    predictor = load(archive)
    instances = list(predictor.archive.reader.read(data))
    check_gold(instances, _with_gold(predictor.model.tasks, instances), data)
    groups = triple_groups(instances, [task.name for task in predictor.model.tasks])
    measures, columns = count(predictor, instances), countable(predictor.model.tasks.measures())
    warning = may_be_part(predictor.archive.reader, instances)
    return SentenceCounts(data, data_sha256, archive_sha256, measures, groups, columns, warning)


def _with_gold(tasks: Iterable[Task], instances: Sequence[Instance]) -> list[Task]:
    """The tasks that any sentence is annotated for."""
    return [task for task in tasks if any(task.name in instance.annotations for instance in instances)]


def _keep(cache: Path, counts: SentenceCounts) -> None:
    unfinished = cache.with_name(f".{os.getpid()}_{cache.name}")
    try:
        cache.parent.mkdir(exist_ok=True)
        unfinished.write_text(json.dumps(counts.to_json()) + "\n", encoding="utf-8")
        unfinished.replace(cache)
    except OSError as error:  # somebody else's directory, say
        logger.warning("%s: counts cannot be kept, so they will be counted again: %s", cache, error.strerror)


def count(predictor: Predictor, instances: Sequence[Instance]) -> dict[str, NDArray[np.int64]]:
    """Predict `instances` and count each by itself with its tasks' metrics.

    Returns:
        what `SentenceCounts.measures` holds. A sentence that is not annotated for a task has zeros there; a task
        that no sentence is annotated for is left out, as its zeros would read as a score of 0.
    """
    predicted = predictor.annotate([replace(instance, annotations={}) for instance in instances])
    counts: dict[str, NDArray[np.int64]] = {}
    for task in _with_gold(predictor.model.tasks, instances):
        pairs = [
            (found[task.name], instance.annotations.get(task.name))
            for found, instance in zip(predicted, instances, strict=True)
        ]
        columns = countable(task.measures())
        counts |= _by_sentence(task.name, task.metric(), pairs, instances, columns)
    for name, metric in predictor.model.consistency():
        columns = countable({f"{name}/{key}": measure for key, measure in metric.measures().items()})
        both = [(found, instance.annotations) for found, instance in zip(predicted, instances, strict=True)]
        found_together = _by_sentence(name, metric, both, instances, columns)
        counts |= {measure: of for measure, of in found_together.items() if of.any()}
    return counts


def _by_sentence(
    task: str,
    metric: Metric,
    pairs: Sequence[tuple[Any, Any]],
    instances: Sequence[Instance],
    columns: Mapping[str, tuple[str, ...]],
) -> dict[str, NDArray[np.int64]]:
    """The columns of a metric's measures, each sentence counted by itself; `pairs` are predicted and gold."""
    counts = {name: np.zeros((len(instances), len(of)), dtype=np.int64) for name, of in columns.items()}
    for row, ((predicted, gold), instance) in enumerate(
        zip(pairs, instances, strict=True) if columns else ()
    ):
        metric.reset()
        metric([predicted], [gold], [instance])
        for name, of_measure in columns.items():
            sums = metric.sums(name.removeprefix(f"{task}/"))
            counts[name][row] = [sums[column] for column in of_measure]
    return counts


def countable(measures: Mapping[str, Measure]) -> dict[str, tuple[str, ...]]:
    """The main measures that are ratios of sums over sentences, each with its columns."""
    return {name: measure.columns for name, measure in measures.items() if measure.main and measure.columns}


def _kept(cache: Path) -> SentenceCounts | None:
    """What an earlier count left, if it can be read and has all that is counted today."""
    try:
        kept = SentenceCounts.from_json(json.loads(cache.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return None if kept.groups is None or kept.warning is None else kept
