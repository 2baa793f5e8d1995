"""The scores of a run, and of a configuration's seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean, stdev

from causal_mtl.analysis.measures import ratio
from causal_mtl.analysis.run import FinishedRun
from causal_mtl.common import ConfigurationError

Configurations = Mapping[str, Sequence[FinishedRun]]
"""Runs by label."""

NONE = "–"
"""A cell without a number."""

_PREFIX = "validation_"


def scores(run: FinishedRun, measure: str) -> list[float]:
    """The value of `measure`, after those that are shown beside it (with an F1 precision and recall).

    Where the run has counts they come from these, else from ``metrics.json``.

    Args:
        run: finished.
        measure: such as "relations/exact_f1", or another quantity that is logged for validation data.

    Raises:
        ConfigurationError: the run does not have it, or the data that was counted has no gold for it.
    """
    names = [*run.measure(measure).beside, measure]
    if run.has_counts_of(measure):
        return [float(ratio(run.measure(name), run.counts_of(name).sum(axis=0))) for name in names]
    if run.counts and run.counts.data != run.config.get("validation_data_path"):
        if run.measure(measure).columns:
            raise ConfigurationError(
                f"{run.counts.data}: no sentence is annotated for what {measure!r} scores "
                f"(scored: {', '.join(run.counts.measures) or 'nothing'})"
            )
        raise ConfigurationError(
            f"{measure!r} is no ratio of sums over sentences: it is only known on the validation data of the "
            "training "
            f"(those known on {run.counts.data}: {', '.join(run.counts.measures)})"
        )
    if missing := [name for name in names if _PREFIX + name not in run.metrics]:
        known = sorted(
            name.removeprefix(_PREFIX)
            for name in run.metrics
            if name.startswith(_PREFIX) and not name.endswith("seconds")
        )
        raise ConfigurationError(f"{run.source}: no measure {missing[0]!r} (there are {', '.join(known)})")
    return [run.metrics[_PREFIX + name] for name in names]


def mean_and_sd(values: Sequence[float], times: int = 100, places: str = ".1f") -> str:
    """The mean of the seeds × `times`, and if there are several their sample standard deviation."""
    shown = f"{times * mean(values):{places}}"
    return f"{shown} ± {times * stdev(values):{places}}" if len(values) > 1 else shown


def source(configurations: Configurations, measure: str) -> str:
    """Where the scores of `measure` come from: the data, and whether it was predicted anew."""
    runs = [run for group in configurations.values() for run in group]
    data = _names(runs, lambda run: run.data)
    return f"{data}, {'predicted anew' if any(run.has_counts_of(measure) for run in runs) else 'as trained'}"


def validation_data(configurations: Configurations) -> str:
    """What trainings were validated on after each epoch."""
    runs = [run for group in configurations.values() for run in group]
    return _names(runs, lambda run: run.config.get("validation_data_path"))


def _names(runs: Iterable[FinishedRun], data: Callable[[FinishedRun], str | None]) -> str:
    """The paths of the data of `runs`; of one file below several paths, the first."""
    by_content: dict[str, str] = {}
    for run in runs:
        path = data(run) or NONE
        by_content.setdefault(run.note.get("data_sha256", {}).get(path, path), path)
    return ", ".join(sorted(by_content.values()))
