"""The drawings of a study: scores side by side, epoch by epoch, and against a value of the config."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_mtl.analysis.drawing.figures import legend, log_if_wide, look, panels, style
from causal_mtl.analysis.drawing.quantities import as_text, curve_of, in_words, read, value_of
from causal_mtl.analysis.scores import Configurations, source, validation_data
from causal_mtl.common import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from causal_mtl.analysis.drawing.series import Series
    from causal_mtl.analysis.run import FinishedRun

_TINT, _INK = "#a6cbe3", "#0072B2"
_BELOW = 0.15
"""Dots stand below the whiskers, of which they would hide the ends."""


@style()
def plot_bars(configurations: Configurations, measure: str, also: Sequence[str] = ()) -> Figure:
    """One bar a configuration: the mean over seeds, ± sample sd as whiskers, one dot per seed.

    Args:
        configurations: runs by label.
        measure: all of them must have it.
        also: quantities for panels of their own; configurations without one have no bar there.

    Raises:
        ConfigurationError: something was not logged, or matplotlib is missing.
    """
    quantities, a_run = [measure, *also], _a_run(configurations)
    figure, axes = panels(quantities, height=1.3 + 0.3 * len(configurations), sharey=True)
    rows = {label: row for row, label in enumerate(configurations)}
    for panel, quantity in zip(axes, quantities, strict=True):
        values = read(configurations, quantity, value_of, needed=panel is axes[0])
        low, high = _limits([end for seeds in values.values() for end in (*seeds, *_whiskers(seeds))])
        start = min(max(0.0, low), high)
        for label, seeds in values.items():
            _bar(panel, rows[label], seeds, start, as_text(quantity, seeds, a_run))
        panel.set(
            xlim=(low, high),
            xlabel=in_words(quantity, a_run) + (" (axis does not begin at 0)" if start else ""),
        )
        panel.grid(axis="y", visible=False)
    axes[0].set_yticks(list(rows.values()), list(rows))
    axes[0].set_ylim(len(rows) - 0.4, -0.6)
    seeds_as = _over_seeds(configurations, "mean ± sd", "a dot a seed")
    figure.suptitle(f"{source(configurations, measure)}: {seeds_as}")
    return figure


@style()
def plot_curves(
    configurations: Configurations, measure: str, also: Sequence[str] = (), first_epoch: int = 1
) -> Figure:
    """After each epoch of training: the measure, its task's loss, and `also`; one line per configuration.

    A line is the mean over the seeds that were still trained, its band goes from the lowest to the highest.

    Args:
        configurations: runs by label.
        measure: of validation data; all of them must have it.
        also: quantities for panels of their own; configurations without one have no line there.
        first_epoch: where curves begin: early epochs can press the others flat.

    Raises:
        ConfigurationError: something was not logged, no training was as long, or matplotlib is missing.
    """
    task = measure.rpartition("/")[0]
    quantities = [measure, f"{task}/loss" if task else "loss", *also]
    figure, axes = panels(quantities)
    looks = {label: look(number) for number, label in enumerate(configurations)}
    handles = {}
    for panel, quantity in zip(axes, quantities, strict=True):
        values = read(configurations, quantity, curve_of, needed=panel is axes[0])
        if first_epoch > max(len(curve) for seeds in values.values() for curve in seeds):
            raise ConfigurationError(f"no training has an epoch {first_epoch}")
        for label, seeds in values.items():
            handles[label] = _curve(panel, seeds, first_epoch, looks[label])
        panel.set(xlabel="epoch", ylabel=in_words(quantity, _a_run(configurations)))
        panel.locator_params(axis="x", integer=True)
    legend(figure, handles)
    seeds_as = _over_seeds(configurations, "mean", "band from lowest to highest")
    figure.suptitle(f"{_only(configurations)}{validation_data(configurations)} after each epoch: {seeds_as}")
    return figure


@style()
def plot_against(series: Mapping[str, Series], key: str, measure: str, also: Sequence[str] = ()) -> Figure:
    """The measure, and each of `also`, against a value of the config: mean ± sample sd over seeds.

    Args:
        series: what `series` found for `key`, one line each.
        key: names the horizontal axis.
        measure: all runs must have it.
        also: quantities for panels of their own; points without one are left out there.

    Raises:
        ConfigurationError: something was not logged, or matplotlib is missing.
    """
    points = {(label, value): runs for label, of in series.items() for value, runs in of.items()}
    figure, axes = panels([measure, *also])
    handles = {}
    for panel, quantity in zip(axes, [measure, *also], strict=True):
        drawn = read(points, quantity, value_of, needed=panel is axes[0])
        for number, label in enumerate(series):
            if of_label := {value: seeds for (name, value), seeds in drawn.items() if name == label}:
                handles[label] = _line(panel, of_label, look(number))
        panel.set(xlabel=key, ylabel=in_words(quantity, _a_run(points)))
        log_if_wide(panel, "x", [value for _, value in points])
        if panel is not axes[0]:
            log_if_wide(panel, "y", [value for seeds in drawn.values() for value in seeds])
    legend(figure, handles)
    by_label = {f"{label} {value}": runs for (label, value), runs in points.items()}
    figure.suptitle(f"{_only(series)}{source(by_label, measure)}: {_over_seeds(by_label, 'mean ± sd')}")
    return figure


def _a_run(groups: Mapping[Any, Sequence[FinishedRun]]) -> FinishedRun:
    """Any of the runs: all describe their measures alike."""
    return next(iter(groups.values()))[0]


def _bar(panel: Axes, row: int, seeds: Sequence[float], start: float, text: str) -> None:
    """A bar from `start`, with `text` in it."""
    panel.barh(row, mean(seeds) - start, left=start, height=0.6, color=_TINT)
    if len(seeds) > 1:
        panel.errorbar(mean(seeds), row, xerr=stdev(seeds), color=_INK)
    panel.plot(seeds, [row + _BELOW] * len(seeds), "o", color=_INK, markersize=3.5)
    offset, side = (4, "left") if mean(seeds) >= start else (-4, "right")
    panel.annotate(text, (start, row), (offset, 0), textcoords="offset points", ha=side, va="center")


def _whiskers(seeds: Sequence[float]) -> tuple[float, float]:
    spread = stdev(seeds) if len(seeds) > 1 else 0.0
    return mean(seeds) - spread, mean(seeds) + spread


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """Of the axis of bars: it begins at 0 unless bars that differ by little would all look the same."""
    lowest, highest = min(values), max(values)
    if lowest < 0 and highest <= 0:  # as of the same values above 0, turned round
        low, high = _limits([-value for value in values])
        return -high, 0.0 - low
    spread = highest - lowest
    if lowest > 0 and 0 < spread < 0.3 * highest:
        return lowest - spread, highest + 0.1 * spread
    return min(0.0, 1.05 * lowest), 1.05 * highest or 1.0


def _curve(panel: Axes, seeds: Sequence[Sequence[float]], first_epoch: int, line: dict[str, Any]) -> Any:
    """The mean of curves that may end early, and between which values they go."""
    longest = max(map(len, seeds))
    padded = [[*curve, *[float("nan")] * (longest - len(curve))] for curve in seeds]
    values = np.ma.masked_invalid(padded)[:, first_epoch - 1 :]
    epochs = np.arange(first_epoch, longest + 1)
    if len(seeds) > 1:
        panel.fill_between(
            epochs, values.min(axis=0), values.max(axis=0), color=line["color"], alpha=0.2, linewidth=0
        )
    return panel.plot(epochs, values.mean(axis=0), **line)[0]


def _line(panel: Axes, points: Mapping[float, Sequence[float]], line: dict[str, Any]) -> Any:
    means = [mean(seeds) for seeds in points.values()]
    spreads = [stdev(seeds) if len(seeds) > 1 else 0.0 for seeds in points.values()]
    return panel.errorbar(
        list(points), means, yerr=spreads if any(spreads) else None, marker="o", markersize=4, **line
    )


def _over_seeds(configurations: Configurations, many: str, more: str = "") -> str:
    """What is drawn of several seeds."""
    numbers = {len(runs) for runs in configurations.values()}
    if numbers == {1}:
        return "one seed"
    over = f"{many} over {numbers.pop() if len(numbers) == 1 else 'the'} seeds"
    return f"{over}, {more}" if more else over


def _only(labels: Collection[str]) -> str:
    """The name of a line that is alone and so has no legend."""
    return f"{next(iter(labels))}, " if len(labels) == 1 else ""
