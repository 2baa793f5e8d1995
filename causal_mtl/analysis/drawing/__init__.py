"""Drawings of what trainings logged and scored."""

from causal_mtl.analysis.drawing.figures import figure_bytes, save_figure
from causal_mtl.analysis.drawing.heat_map import plot_effects
from causal_mtl.analysis.drawing.plots import plot_against, plot_bars, plot_curves
from causal_mtl.analysis.drawing.series import series

__all__ = [
    "figure_bytes",
    "plot_against",
    "plot_bars",
    "plot_curves",
    "plot_effects",
    "save_figure",
    "series",
]
