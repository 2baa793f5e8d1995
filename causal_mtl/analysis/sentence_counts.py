"""How many items of each sentence a trained model found: what a bootstrap draws from."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.groups import TripleGroups, triple_groups
from causal_mtl.common import ConfigurationError, local_path, sha256

if TYPE_CHECKING:
    from causal_mtl.data import Instance
    from causal_mtl.metrics import Metric
    from causal_mtl.predictors import Predictor

logger = logging.getLogger(__name__)

KINDS = ("correct", "predicted", "gold")


@dataclass(frozen=True)
class SentenceCounts:
    """The counts of one trained model on one data set.

    Attributes:
        data: the path of the labelled data.
        data_sha256: of its bytes.
        archive_sha256: of the model's archive.
        measures: of every micro-averaged F1 by name, such as "relations/exact_f1": correct, predicted and gold
            items, ints, `(sentences, 3)`.
        groups: of the same sentences, by task of relations; None in a record of a time before there were groups.
    """

    data: str
    data_sha256: str
    archive_sha256: str
    measures: dict[str, NDArray[np.int64]]
    groups: dict[str, TripleGroups] | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it: a measure's three columns as lists."""
        measures = {
            name: {kind: counts[:, column].tolist() for column, kind in enumerate(KINDS)}
            for name, counts in self.measures.items()
        }
        groups: Any = self.groups
        groups = groups and {task: vars(of_task) for task, of_task in groups.items()}
        return {**vars(self), "measures": measures, "groups": groups}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> SentenceCounts:
        """Back from `to_json`.

        Raises:
            KeyError, TypeError or ValueError: it is something else.
        """
        measures = {
            name: np.array([columns[kind] for kind in KINDS], dtype=np.int64).T
            for name, columns in record["measures"].items()
        }
        groups = record.get("groups")
        groups = groups and {task: TripleGroups(**of_task) for task, of_task in groups.items()}
        return cls(record["data"], record["data_sha256"], record["archive_sha256"], measures, groups)


def sentence_counts(directory: Path, archive: Path, data: str) -> SentenceCounts:
    """Count what the model of a training finds in `data`, sentence by sentence.

    The counts are kept in ``counts/`` of `directory`, one file a data set, and counted again only when the bytes
    of archive or data are others, or when what is kept lacks the groups.

    Args:
        directory: of the training.
        archive: its trained model.
        data: a file or URL of labelled data, as the config's reader reads it.

    Raises:
        ConfigurationError: there is no such data, or the archive cannot be loaded.
    """
    try:
        data_sha256, archive_sha256 = sha256(local_path(data)), sha256(archive)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{directory}: {error}") from None
    cache = directory / "counts" / f"{data_sha256[:16]}.json"
    kept = _kept(cache)
    if kept is not None and (kept.data_sha256, kept.archive_sha256) == (data_sha256, archive_sha256):
        return replace(kept, data=data)

    from causal_mtl.predictors import load  # torch: not needed where everything is counted already

    logger.info("%s: predicting %s", directory, data)
    predictor = load(archive)
    instances = list(predictor.archive.reader.read(data))
    groups = triple_groups(instances, [task.name for task in predictor.model.tasks])
    counts = SentenceCounts(data, data_sha256, archive_sha256, count(predictor, instances), groups)
    cache.parent.mkdir(exist_ok=True)
    unfinished = cache.with_name(f".{os.getpid()}_{cache.name}")
    unfinished.write_text(json.dumps(counts.to_json()) + "\n", encoding="utf-8")
    unfinished.replace(cache)
    return counts


def count(predictor: Predictor, instances: Sequence[Instance]) -> dict[str, NDArray[np.int64]]:
    """Predict `instances` and count each by itself with its tasks' metrics.

    Returns:
        what `SentenceCounts.measures` holds. A sentence that is not annotated for a task has zeros there.
    """
    predicted = predictor.annotate([replace(instance, annotations={}) for instance in instances])
    counts: dict[str, NDArray[np.int64]] = {}
    for task in predictor.model.tasks:
        metric = task.metric()
        measures = dict(micro_averaged(metric))
        of_mode = {mode: np.zeros((len(instances), len(KINDS)), dtype=np.int64) for mode in measures}
        for row, instance in enumerate(instances if measures else ()):
            metric.reset()
            metric([predicted[row][task.name]], [instance.annotations.get(task.name)], [instance])
            for (mode, _, kind), number in metric.counts.items():
                of_mode[mode][row, KINDS.index(kind)] += number
        counts |= {f"{task.name}/{measures[mode]}": of_mode[mode] for mode in measures}
    return counts


def micro_averaged(metric: Metric) -> Iterator[tuple[str, str]]:
    """The modes of matching whose F1 is that of sums over sentences, with the names of their F1."""
    from causal_mtl.metrics.matching import MatchingMetric

    if isinstance(metric, MatchingMetric):
        reported = metric.get_metric()
        for mode in metric.modes:
            name = f"{mode}_f1" if mode else "f1"
            if name in reported:
                yield mode, name


def _kept(cache: Path) -> SentenceCounts | None:
    """What an earlier count left, if it can be read and has all that is counted today."""
    try:
        kept = SentenceCounts.from_json(json.loads(cache.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return kept if kept.groups is not None else None
