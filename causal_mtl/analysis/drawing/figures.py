"""What all drawings share: their style, their panels, their file."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_mtl.common import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette for colour-blind eyes, without its yellow, which white paper swallows."""

_LINES = ("-", "--", ":", "-.")

_STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "figure.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "errorbar.capsize": 3,
    "savefig.dpi": 200,
    "svg.hashsalt": "causal-mtl",  # the same drawing gets the same bytes
}

_IN_A_ROW = 3
_PANEL = (4.0, 3.0)
_LEGEND_COLUMNS = 4
_LEGEND_LINE = 0.2


@contextmanager
def style() -> Iterator[None]:
    """Whatever is drawn within looks the same, whatever the user's own settings of matplotlib are.

    Raises:
        ConfigurationError: matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError:
        raise ConfigurationError("drawing needs matplotlib: pip install 'causal-mtl[plots]'") from None
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def panels(titles: Sequence[str], height: float = _PANEL[1], **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure with a panel for each of `titles`, three in a row.

    Args:
        titles: of the panels.
        height: of a panel in inches.
        options: for `Figure.subplots`.
    """
    from matplotlib.figure import Figure

    columns = min(len(titles), _IN_A_ROW)
    rows = -(-len(titles) // columns)
    figure = Figure(figsize=(_PANEL[0] * max(columns, 1.5), height * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False, **options).flat)
    for panel, title in zip(axes, titles, strict=False):
        panel.set_title(title, loc="left")
    for spare in axes[len(titles) :]:
        spare.remove()
    return figure, axes[: len(titles)]


def look(number: int) -> dict[str, Any]:
    """Colour and kind of the line of configuration `number`, from 0."""
    round_, colour = divmod(number, len(_COLOURS))
    return {"color": _COLOURS[colour], "linestyle": _LINES[round_ % len(_LINES)]}


def legend(figure: Figure, handles: dict[str, Any]) -> None:
    """Below all panels, the name of each line; one line alone has none, its name belongs in the title."""
    if len(handles) > 1:
        columns = min(len(handles), _LEGEND_COLUMNS)
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + _LEGEND_LINE * -(-len(handles) // columns))
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=columns)


def log_if_wide(panel: Axes, axis: str, values: Sequence[float]) -> None:
    """A logarithmic axis ("x" or "y") for positive values that differ more than tenfold."""
    if min(values) > 0 and max(values) > 10 * min(values):
        panel.set(**{f"{axis}scale": "log"})


def save_figure(figure: Figure, path: Path) -> None:
    """Write `figure` as its suffix says (.png, .svg)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(figure_bytes(figure, path.suffix))


@style()
def figure_bytes(figure: Figure, suffix: str) -> bytes:
    """`figure` as a .png or .svg file; the same figure gives the same bytes."""
    dateless = {"Date": None} if suffix == ".svg" else None
    file = io.BytesIO()
    figure.savefig(file, format=suffix.removeprefix("."), metadata=dateless)
    return file.getvalue()
