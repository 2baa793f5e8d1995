"""A table of effects as colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_mtl.analysis.drawing.figures import style
from causal_mtl.analysis.effects.estimate import EXPECTED
from causal_mtl.common import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CELL = (0.62, 0.36)
_MARGIN = (2.6, 1.6)
_DARK = 0.6
"""Share of the scale from which on numbers are white."""


@style()
def plot_effects(report: Mapping[str, Any], population: str = "labelled") -> Figure:
    """One row per label of the source, one column per outcome of the target: the total effect in a colour.

    Effects that are not found (their adjusted p is too large) stand in brackets. An expected value has a scale of
    its own and is not drawn.

    Args:
        report: of `label_effects`.
        population: "labelled" or "all".

    Raises:
        ConfigurationError: the report has no effects in this population, or matplotlib is missing.
    """
    rows = [
        row for row in report["effects"] if row["population"] == population and row["outcome"] != EXPECTED
    ]
    if not rows:
        raise ConfigurationError(f"there are no effects to draw in the population {population!r}")
    labels = list(dict.fromkeys(row["label"] for row in rows))
    outcomes = sorted(dict.fromkeys(row["outcome"] for row in rows), key=_rank)
    cells = np.full((len(labels), len(outcomes)), np.nan)
    for row in rows:
        cells[labels.index(row["label"]), outcomes.index(row["outcome"])] = row["paths"]["total"]["effect"]
    figure, panel = _canvas(labels, outcomes)
    limit = max(float(np.nanmax(np.abs(cells))), 1e-6)
    image = panel.imshow(cells, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    for row in rows:
        y, x = labels.index(row["label"]), outcomes.index(row["outcome"])
        colour = "white" if abs(cells[y, x]) > _DARK * limit else "black"
        number = f"{round(cells[y, x], 2) + 0.0:.2f}"  # no negative zero
        written = number if row["found"] else f"({number})"
        panel.text(x, y, written, ha="center", va="center", color=colour, fontsize=7)
    figure.colorbar(image, ax=panel, label="effect")
    asked = report["question"]
    panel.set(xlabel=asked["target"], ylabel=f"{asked['source']} (set)")
    which = "cases that have the label" if population == "labelled" else "all cases"
    figure.suptitle(f"{report['data']}\n{which}; models: {len(report['models'])}; in brackets: not found")
    return figure


def _canvas(labels: Sequence[str], outcomes: Sequence[str]) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    size = (_MARGIN[0] + _CELL[0] * len(outcomes), _MARGIN[1] + _CELL[1] * len(labels))
    figure = Figure(figsize=(max(size[0], 5.0), max(size[1], 2.6)), layout="constrained")
    panel = figure.subplots()
    panel.grid(visible=False)
    panel.set_xticks(range(len(outcomes)), [_short(name) for name in outcomes], rotation=45, ha="right")
    panel.set_yticks(range(len(labels)), [_short(name) for name in labels])
    return figure, panel


def _rank(name: str) -> tuple[float, str]:
    """Numbers in their order, words as the alphabet has them."""
    try:
        return float(name), ""
    except ValueError:
        return 0.0, name


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"
