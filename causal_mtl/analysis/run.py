"""A finished training: what made it, its scores, its counts by sentence."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.curves import Curves
from causal_mtl.analysis.measures import described, ratio
from causal_mtl.analysis.sentence_counts import SentenceCounts, sentence_counts
from causal_mtl.common import ConfigurationError, local_path, sha256
from causal_mtl.metrics.measure import Measure

logger = logging.getLogger(__name__)

_NOTABLE = 0.005
"""Counts and ``metrics.json`` may differ by rounding (bf16 in training, fp32 here), not by more than this."""


@dataclass(frozen=True)
class FinishedRun:
    """One finished training.

    Attributes:
        source: its directory, or the export file that it was read from; for messages.
        label: the directory's name without a trailing ``-<seed>``.
        seed: of the training.
        config: all of ``config.json``.
        metrics: all of ``metrics.json``.
        note: all of ``run.json``: versions, hashes of the data, command, machine.
        counts: by sentence; None if they have not been asked for.
        exported: `source` is an export file: there is no archive.
        curves: what was logged epoch by epoch; empty in an older export.
    """

    source: str
    label: str
    seed: int
    config: dict[str, Any]
    metrics: dict[str, Any]
    note: dict[str, Any]
    counts: SentenceCounts | None = None
    exported: bool = False
    curves: Curves = field(default_factory=dict)

    @property
    def data(self) -> str | None:
        """Where its scores come from: what was counted, else the validation data of the training."""
        return self.counts.data if self.counts else self.config.get("validation_data_path")

    def measure(self, name: str) -> Measure:
        """How the measure or loss `name` is shown and compared."""
        return described(self.note, name)

    def counts_of(self, measure: str) -> NDArray[np.int64]:
        """What was counted in each sentence, `(sentences, columns)`; the columns are those of `measure`.

        Of an F1: correct, gold and predicted items.

        Raises:
            ConfigurationError: `measure` is no ratio of sums over sentences, or nothing was counted.
        """
        measures = self.counts.measures if self.counts else {}
        holder = self._holder(measure)
        if self.counts is None or holder is None:
            raise ConfigurationError(
                f"{self.source}: {measure!r} cannot be counted by sentence"
                + (f" (those that can: {', '.join(measures)})" if measures else "")
            )
        there = self.counts.columns_of(holder)
        return measures[holder][:, [there.index(column) for column in self.measure(measure).columns]]

    def has_counts_of(self, measure: str) -> bool:
        """Whether `measure` was counted: by itself or, as precision and recall are, in the columns of another."""
        return self._holder(measure) is not None

    def _holder(self, measure: str) -> str | None:
        """The measure whose columns hold those of `measure`."""
        if self.counts is None or not self.measure(measure).columns:
            return None
        names = self.counts.measures
        return next((name for name in names if measure in (name, *self.measure(name).beside)), None)


def with_counts(run: FinishedRun, data: str | None = None) -> FinishedRun:
    """`run` with its counts by sentence.

    Args:
        run: finished.
        data: what to count on; default: the validation data of the training, which must not have changed since.

    Raises:
        ConfigurationError: the data is missing or has changed, or an exported run was counted on other data.
    """
    if run.exported:
        if run.counts is None or (data and sha256(local_path(data)) != run.counts.data_sha256):
            raise ConfigurationError(
                f"{run.source}: it holds no counts of {run.label}-{run.seed} on {data or 'any data'}, "
                "and without the archive there can be none: give the directory of the training"
            )
        return run
    chosen = data or run.config.get("validation_data_path")
    if chosen is None:
        raise ConfigurationError(f"{run.source}: its config has no validation data; name some with --data")
    counts = sentence_counts(Path(run.source), Path(run.source) / "model.tar.gz", chosen)
    if data is None:
        _check_agrees(run, counts)
    elif counts.warning:
        logger.warning("%s: %s", data, counts.warning)
    return replace(run, counts=counts)


def _check_agrees(run: FinishedRun, counts: SentenceCounts) -> None:
    """Counts on validation data are those of the scores that the training left."""
    trained_on = run.note["data_sha256"].get(counts.data)
    if trained_on not in (None, counts.data_sha256):
        raise ConfigurationError(
            f"{run.source}: {counts.data} has changed since the training; name the data with --data"
        )
    counted = replace(run, counts=counts)
    for measure in (name for name in counts.measures if run.measure(name).columns):
        then = run.metrics.get(f"validation_{measure}")
        now = float(ratio(run.measure(measure), counted.counts_of(measure).sum(axis=0)))
        if then is not None and abs(now - then) > _NOTABLE * max(1.0, abs(then)):
            logger.warning("%s: %s is %.4f now; metrics.json says %.4f", run.source, measure, now, then)
