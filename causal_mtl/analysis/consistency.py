"""How often trained models find labels together that training never showed together, beside gold and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_mtl.analysis.measures import as_shown
from causal_mtl.analysis.run import FinishedRun
from causal_mtl.analysis.scores import Configurations, mean_and_sd, scores, source
from causal_mtl.analysis.tables import Table
from causal_mtl.metrics.measure import Measure

_NAME = "inconsistency_"


def consistency_tables(configurations: Configurations) -> list[Table]:
    """One table for each two tasks whose labels occur together, as far as all runs measured it.

    One row per configuration: mean ± sample sd over seeds of the share of combinations that training never showed,
    of the same share in gold, and of the main scores of the task.

    Args:
        configurations: runs by label.
    """
    runs = [run for group in configurations.values() for run in group]
    names = [name for name in runs[0].note.get("measures", {}) if name.rpartition("/")[2].startswith(_NAME)]
    return [_table(configurations, name) for name in names if all(_has(run, name) for run in runs)]


def _table(configurations: Configurations, name: str) -> Table:
    first = next(iter(configurations.values()))[0]
    task, _, last = name.rpartition("/")
    shown = [name, *first.measure(name).beside, *_main_scores(first, task)]
    header = ["never in training", "in gold", *(measure.rpartition("/")[2] for measure in shown[2:])]
    rows = [
        [label, str(len(runs)), *(_cell(runs, measure, name) for measure in shown)]
        for label, runs in configurations.items()
    ]
    title = (
        f"combinations of {task} and {last.removeprefix(_NAME)} that never occur in training on "
        f"{source(configurations, name)} (× 100, lower is better, mean ± sd over seeds)"
    )
    return Table(title, ["configuration", "seeds", *header], rows)


def _cell(runs: Sequence[FinishedRun], measure: str, name: str) -> str:
    """The measure of all seeds; that of gold is found beside the measure `name`."""
    holder, place = (name, 0) if measure in runs[0].measure(name).beside else (measure, -1)
    values = [scores(run, holder)[place] for run in runs]
    return mean_and_sd(values, *as_shown(runs[0].measure(measure)))


def _main_scores(run: FinishedRun, task: str) -> list[str]:
    """The main measures of a task that are better when they are higher."""
    described: Mapping[str, Measure] = {
        name: run.measure(name) for name in run.note.get("measures", {}) if name.startswith(f"{task}/")
    }
    found = [name for name, measure in described.items() if measure.main and measure.higher_is_better]
    return [name for name in found if _has(run, name)]


def _has(run: FinishedRun, name: str) -> bool:
    """Whether it was counted in each sentence, or is known from training on the data that is tabulated."""
    if run.has_counts_of(name):
        return True
    on_validation = run.counts is None or run.counts.data == run.config.get("validation_data_path")
    return on_validation and f"validation_{name}" in run.metrics
