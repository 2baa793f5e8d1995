import pytest

from causal_mtl.analysis.drawing import plot_effects
from causal_mtl.common import ConfigurationError


def row(label, outcome, effect, found=True, population="labelled"):
    return {
        "label": label, "outcome": outcome, "population": population, "found": found,
        "paths": {"total": {"effect": effect}},
    }  # fmt: skip


def report(*rows):
    return {"effects": rows, "question": {"source": "A", "target": "B"}, "data": "dev", "models": ["m"]}


def test_cells_hold_effects_and_those_in_brackets_are_not_found():
    rows = [row("a", "10", 0.5), row("a", "9", -0.02, found=False), row("b", "10", -0.3), row("b", "9", 0.4)]
    rows += [row("a", "(expected value)", 3.0), row("a", "9", 0.9, population="all")]
    figure = plot_effects(report(*rows))
    panel = figure.axes[0]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["9", "10"]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["a", "b"]
    assert panel.images[0].get_array().tolist() == [[-0.02, 0.5], [0.4, -0.3]]
    assert panel.images[0].get_clim() == (-0.5, 0.5)
    colours = {text.get_text(): text.get_color() for text in panel.texts}
    assert colours == {"0.50": "white", "(-0.02)": "black", "-0.30": "black", "0.40": "white"}
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("B", "A (set)")


def test_nothing_to_draw():
    with pytest.raises(ConfigurationError, match="no effects to draw in the population 'all'"):
        plot_effects(report(row("a", "9", 0.1)), "all")
