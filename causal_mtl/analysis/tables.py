"""Configurations side by side, and how sure their differences are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import mean
from typing import Literal

from causal_mtl.analysis.bootstrap import paired_bootstrap
from causal_mtl.analysis.measures import as_shown, unit
from causal_mtl.analysis.scores import NONE, Configurations, mean_and_sd, scores, source
from causal_mtl.common import ConfigurationError
from causal_mtl.metrics.measure import Measure

_SHORT = {"precision": "P", "recall": "R", "f1": "F1"}

Format = Literal["text", "markdown", "latex"]


@dataclass(frozen=True)
class Table:
    """Cells as text.

    Attributes:
        title: one line.
        header: one name per column.
        rows: as long as `header`.
        words: so many columns from the left hold words, the others numbers.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1


def score_table(configurations: Configurations, measure: str) -> Table:
    """One row per configuration: seeds, mean ± sample sd of the scores, best epochs, mean minutes.

    Where runs have counts the scores come from these, else from ``metrics.json``.

    Args:
        configurations: runs by label.
        measure: such as "relations/exact_f1"; what it has `beside` it is shown too, as precision and recall are.

    Raises:
        ConfigurationError: a run does not have it.
    """
    rows, described = [], _described(configurations, measure)
    shown = as_shown(described)
    for label, runs in configurations.items():
        by_name = zip(*(scores(run, measure) for run in runs), strict=True)
        epochs = [str(run.metrics.get("best_epoch") or NONE) for run in runs]
        minutes = mean(run.metrics["training_duration"] for run in runs) / 60
        rows.append(
            [
                label,
                str(len(runs)),
                *(mean_and_sd(of_name, *shown) for of_name in by_name),
                ", ".join(epochs),
                f"{minutes:.1f}",
            ]
        )
    columns = [measure.rpartition("/")[2]]
    if described.beside:
        last = [name.rpartition("/")[2].rpartition("_")[2] for name in (*described.beside, measure)]
        columns = [_SHORT.get(name, name) for name in last]
    title = f"{measure} on {source(configurations, measure)} ({unit(described)}mean ± sd over seeds)"
    return Table(title, ["configuration", "seeds", *columns, "best epoch", "minutes"], rows)


def comparison_table(configurations: Configurations, measure: str, pairs: Iterable[tuple[str, str]]) -> Table:
    """One row per pair (system, baseline): the difference of the means over seeds, and its interval.

    Args:
        configurations: runs by label, with counts.
        measure: a ratio of sums over sentences, such as a micro-averaged F1 or an accuracy.
        pairs: of labels.

    Raises:
        ConfigurationError: there is no such label, the measure cannot be counted by sentence, or the two were not
            counted on the same data.
    """
    rows, described = [], _described(configurations, measure)
    times, places = as_shown(described)
    pairs = list(pairs)
    check_labels(configurations, pairs)
    for pair in pairs:
        system, baseline = (configurations[label] for label in pair)
        if len({run.counts.data_sha256 for run in [*system, *baseline] if run.counts}) > 1:
            raise ConfigurationError(f"{pair[0]} and {pair[1]} were counted on different data")
        found = paired_bootstrap(
            [run.counts_of(measure) for run in system],
            [run.counts_of(measure) for run in baseline],
            measure=described,
        )
        interval = f"[{times * found.low:{places}}, {times * found.high:{places}}]"
        rows.append([*pair, f"{times * found.difference:+{places}}", interval])
    title = f"Differences of {measure} ({unit(described)}paired bootstrap over sentences and seeds)"
    return Table(title, ["system", "baseline", "difference", "95% interval"], rows, words=2)


def check_labels(configurations: Configurations, pairs: Iterable[tuple[str, str]]) -> None:
    """Raise a `ConfigurationError` if a pair names a configuration that is not there."""
    for label in chain.from_iterable(pairs):
        if label not in configurations:
            known = ", ".join(configurations)
            raise ConfigurationError(f"no configuration is called {label!r} (there are {known})")


def _described(configurations: Configurations, measure: str) -> Measure:
    """What the first of the runs says of it."""
    return next(iter(configurations.values()))[0].measure(measure)


def render(table: Table, format: Format = "text") -> str:
    """`table` as lines of text, Markdown or LaTeX."""
    return {"text": _text, "markdown": _markdown, "latex": _latex}[format](table) + "\n"


def _text(table: Table) -> str:
    lines = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    sides = ["<" if column < table.words else ">" for column in range(len(widths))]
    shown = [
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(line, sides, widths, strict=True))
        for line in lines
    ]
    return "\n".join([table.title, "", *(line.rstrip() for line in shown)])


def _markdown(table: Table) -> str:
    sides = ["---" if column < table.words else "---:" for column in range(len(table.header))]
    rows = [[cell.replace("|", r"\|") for cell in row] for row in (table.header, *table.rows)]
    lines = [f"| {' | '.join(row)} |" for row in (rows[0], sides, *rows[1:])]
    return "\n".join([table.title, "", *lines])


def _latex(table: Table) -> str:
    sides = ["l" if column < table.words else "r" for column in range(len(table.header))]
    rows = [[*map(_escaped, table.header)]]
    rows += [
        [*map(_escaped, row[: table.words]), *map(_as_mathematics, row[table.words :])] for row in table.rows
    ]
    lines = [f"{' & '.join(row)} \\\\" for row in rows]
    return "\n".join(
        [f"% {table.title}", f"\\begin{{tabular}}{{{''.join(sides)}}}", r"\hline", lines[0], r"\hline",
         *lines[1:], r"\hline", r"\end{tabular}"]
    )  # fmt: skip


def _escaped(cell: str) -> str:
    return "".join(f"\\{character}" if character in "_%&#$" else character for character in cell)


def _as_mathematics(cell: str) -> str:
    cell = cell.replace("±", r"\pm")
    return "--" if cell == NONE else f"${cell}$"
