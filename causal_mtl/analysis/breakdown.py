"""Scores by group of sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.groups import By, TripleGroups
from causal_mtl.analysis.measures import as_shown, ratio, unit
from causal_mtl.analysis.run import FinishedRun
from causal_mtl.analysis.scores import NONE, Configurations, mean_and_sd, source
from causal_mtl.analysis.tables import Table
from causal_mtl.common import ConfigurationError


def breakdown_table(configurations: Configurations, measure: str, by: By) -> Table:
    """One row per configuration, one column per group of sentences: mean ± sample sd of the measure in it.

    Args:
        configurations: runs by label, with counts.
        measure: of a task of relations; a ratio of sums over sentences, such as a micro-averaged F1.
        by: the kind of overlap, or the number of triples, of a sentence's gold.

    Raises:
        ConfigurationError: the measure is another, a run was exported without groups, or the runs were not
            counted on the same sentences.
    """
    runs = [run for group in configurations.values() for run in group]
    groups = _common_groups(runs, measure.rpartition("/")[0])
    masks = {"all": np.ones(len(groups.triples), dtype=bool), **groups.masks(by)}
    rows = [
        [label, str(len(of_label)), *(_cell(of_label, measure, mask) for mask in masks.values())]
        for label, of_label in configurations.items()
    ]
    header = [f"{name} ({mask.sum()})" for name, mask in masks.items()]
    what = {"overlap": "kind of overlap", "triples": "number of triples"}[by]
    title = (
        f"{measure} by {what} on {source(configurations, measure)} "
        f"({unit(runs[0].measure(measure))}mean ± sd over seeds; in brackets the number of sentences)"
    )
    return Table(title, ["configuration", "seeds", *header], rows)


def _cell(runs: Sequence[FinishedRun], measure: str, mask: NDArray[np.bool_]) -> str:
    if not mask.any():
        return NONE
    described = runs[0].measure(measure)
    values = [float(ratio(described, run.counts_of(measure)[mask].sum(axis=0))) for run in runs]
    return mean_and_sd(values, *as_shown(described))


def _common_groups(runs: Sequence[FinishedRun], task: str) -> TripleGroups:
    """The groups that all runs have."""
    first = _groups(runs[0], task)
    for run in runs[1:]:
        if _groups(run, task) != first:
            raise ConfigurationError(
                f"{runs[0].label}-{runs[0].seed} and {run.label}-{run.seed} were not counted on the same sentences"
            )
    return first


def _groups(run: FinishedRun, task: str) -> TripleGroups:
    groups = run.counts.groups if run.counts else None
    if groups is None:
        raise ConfigurationError(
            f"{run.source}: it was exported before sentences had groups; "
            "export it again from the directories of the trainings"
        )
    if task not in groups:
        known = ", ".join(groups) or "none"
        raise ConfigurationError(f"{task!r} has no triples to group sentences by (tasks that have: {known})")
    return groups[task]
