"""What is drawn, read from the axes."""

import sys

import pytest

from causal_mtl.analysis import FinishedRun, plot_against, plot_bars, plot_curves, save_figure
from causal_mtl.common import ConfigurationError

MEASURE = "relations/exact_f1"


def run(label, seed, f1, curve=(), **metrics):
    """The F1 of the best weights, and of each epoch; the loss of an epoch is ten times its number."""
    parts = {"precision": 0.1, "recall": 0.1, "f1": f1}
    scores = {f"validation_relations/exact_{name}": value for name, value in parts.items()}
    curves = {f"validation_{MEASURE}": list(curve)} if curve else {}
    if curve:
        curves["validation_relations/loss"] = [10 * (epoch + 1) for epoch in range(len(curve))]
        curves["training_relations/kl"] = [5.0] * len(curve)
    config = {"validation_data_path": "dev.json"}
    return FinishedRun(label, label, seed, config, {**scores, **metrics}, {}, curves=curves)


GROUPS = {
    "a": [run("a", 1, 0.5, [0.1, 0.4, 0.5]), run("a", 2, 0.5, [0.3, 0.6])],
    "b": [run("b", 1, 0.5, [0.2, None, 0.4])],
}

SERIES = {
    "a": {0.01: [run("a", 1, 0.5), run("a", 2, 0.6)], 1.0: [run("a", 1, 0.7)]},
    "b": {0.1: [run("b", 1, 0.4, **{"training_relations/kl": 3.0})]},
}


def points(line):
    return [(x, pytest.approx(y)) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()] if figure.legends else []


class TestBars:
    def test_a_bar_a_configuration_and_a_dot_a_seed(self):
        groups = {"a": [run("a", 1, 0.50), run("a", 2, 0.52)], "b": [run("b", 1, 0.6)]}
        figure = plot_bars(groups, MEASURE)
        (panel,) = figure.axes
        assert [label.get_text() for label in panel.get_yticklabels()] == ["a", "b"]
        assert [bar.get_x() + bar.get_width() for bar in panel.patches] == pytest.approx([51, 60])
        dots = [line.get_xdata() for line in panel.lines if line.get_marker() == "o"]
        assert [list(of) for of in dots] == [pytest.approx([50, 52]), pytest.approx([60])]
        (whisker,) = [bars for container in panel.containers[1:2] for bars in container.lines[2]]
        assert whisker.get_segments()[0][:, 0] == pytest.approx([51 - 2**0.5, 51 + 2**0.5])
        assert [text.get_text() for text in panel.texts] == ["51.0 ± 1.4", "60.0"]
        assert panel.get_xlabel() == "exact F1 × 100 (axis does not begin at 0)"
        assert figure.get_suptitle() == "dev.json, as trained: mean ± sd over the seeds, a dot a seed"

    def test_all_that_is_drawn_is_in_the_frame(self):
        for values in ([0.80, 0.81, 0.83], [0.1, 0.9, 0.5], [0.5], [0.0, 0.0], [0.5, 0.5]):
            (panel,) = plot_bars({"a": [run("a", i, v) for i, v in enumerate(values)]}, MEASURE).axes
            low, high = panel.get_xlim()
            assert low <= 100 * min(values) <= 100 * max(values) < high
            assert ("does not begin" in panel.get_xlabel()) == (low > 0)
        assert low == 0  # one value alone says nothing about where else to begin

    def test_bars_of_negative_measures_begin_at_the_end_that_is_nearest_to_0(self):
        for values, start in (([-0.10, -0.08], -6), ([-0.9, -0.1], 0), ([-0.05], 0), ([-0.2, 0.3], 0)):
            (panel,) = plot_bars({str(v): [run("a", 1, v)] for v in values}, MEASURE).axes
            low, high = panel.get_xlim()
            assert low < 100 * min(values) <= 100 * max(values) <= high
            assert high == pytest.approx(start) or start == 0 <= high
            assert [bar.get_x() for bar in panel.patches] == pytest.approx([start] * len(values))
            ends = [bar.get_x() + bar.get_width() for bar in panel.patches]
            assert ends == pytest.approx([100 * value for value in values])
            assert ("does not begin" in panel.get_xlabel()) == (start != 0)

    def test_a_quantity_that_some_do_not_have(self):
        kl = {"validation_relations/kl": 900.0}
        groups = {"a": [run("a", 1, 0.5)], "b": [run("b", 1, 0.6, **kl)]}
        _, panel = plot_bars(groups, MEASURE, ["relations/kl"]).axes
        (bar,) = panel.patches
        assert (bar.get_y() + bar.get_height() / 2, bar.get_width()) == pytest.approx((1, 900))
        assert panel.get_xlabel() == "KL (nats per sentence)"
        with pytest.raises(ConfigurationError, match="no measure 'relations/sigma'"):
            plot_bars(groups, MEASURE, ["relations/sigma"])
        with pytest.raises(ConfigurationError, match="a: no measure 'relations/kl'"):
            plot_bars(groups, "relations/kl")


class TestCurves:
    def test_mean_and_band(self):
        figure = plot_curves(GROUPS, MEASURE)
        scores, losses = figure.axes
        first, second = scores.lines
        assert points(first) == [(1, 20), (2, 50), (3, 50)]  # the second seed ended after two epochs
        assert list(second.get_ydata().mask) == [False, True, False]
        assert points(losses.lines[0]) == [(1, 10), (2, 20), (3, 30)]
        (band,) = scores.collections  # one seed has none
        corners = {(x, round(y, 6)) for x, y in band.get_paths()[0].vertices}
        assert {(1, 10), (1, 30), (2, 40), (2, 60), (3, 50)} <= corners
        assert (scores.get_ylabel(), losses.get_ylabel()) == ("exact F1 × 100", "loss per sentence")
        assert texts(figure) == ["a", "b"]
        assert first.get_color() != second.get_color()

    def test_from_a_later_epoch_on(self):
        scores, _ = plot_curves(GROUPS, MEASURE, first_epoch=2).axes
        assert points(scores.lines[0]) == [(2, 50), (3, 50)]
        with pytest.raises(ConfigurationError, match="no training has an epoch 4"):
            plot_curves(GROUPS, MEASURE, first_epoch=4)

    def test_one_line_has_its_name_in_the_title(self):
        figure = plot_curves({"b": GROUPS["b"]}, MEASURE, ["training_relations/kl"])
        assert texts(figure) == []
        assert figure.get_suptitle() == "b, dev.json after each epoch: one seed"
        assert points(figure.axes[2].lines[0]) == [(1, 5), (2, 5), (3, 5)]

    def test_what_was_not_logged(self):
        with pytest.raises(ConfigurationError, match=r"did you mean 'validation_relations/exact_f1'\?"):
            plot_curves(GROUPS, "relations/exakt_f1")
        old = FinishedRun("e.json", "a", 1, {}, {}, {}, exported=True)
        with pytest.raises(ConfigurationError, match=r"e\.json: .*export it again"):
            plot_curves({"a": [old]}, MEASURE)
        with pytest.raises(ConfigurationError, match=r"a: it has no metrics\.jsonl"):
            plot_curves({"a": [run("a", 1, 0.5)]}, MEASURE)


class TestAgainst:
    def test_lines(self):
        figure = plot_against(SERIES, "model.beta", MEASURE, ["training_relations/kl"])
        scores, kl = figure.axes
        a, b = scores.containers
        assert points(a.lines[0]) == [(0.01, 55), (1, 70)]
        assert points(b.lines[0]) == [(0.1, 40)]
        segments = a.lines[2][0].get_segments()
        assert segments[0][:, 1] == pytest.approx([55 - 50**0.5, 55 + 50**0.5])
        assert [points(container.lines[0]) for container in kl.containers] == [[(0.1, 3)]]
        assert kl.containers[0].lines[0].get_color() == b.lines[0].get_color()
        assert (scores.get_xlabel(), scores.get_xscale()) == ("model.beta", "log")
        assert texts(figure) == ["a", "b"]

    @pytest.mark.parametrize(("values", "scale"), [((1, 5), "linear"), ((0, 50), "linear"), ((1, 50), "log")])
    def test_the_axis(self, values, scale):
        figure = plot_against({"a": {v: [run("a", 1, 0.5)] for v in values}}, "k", MEASURE)
        assert figure.axes[0].get_xscale() == scale

    def test_a_quantity_that_differs_much(self):
        kl = [run("a", 1, 0.5, **{"validation_relations/kl": v}) for v in (1.0, 100.0)]
        figure = plot_against({"a": {1: kl[:1], 2: kl[1:]}}, "k", MEASURE, ["relations/kl"])
        assert [panel.get_yscale() for panel in figure.axes] == ["linear", "log"]


def test_many_panels_are_in_rows():
    metrics = {f"validation_relations/{name}": 1.0 for name in "xyz"}
    also = [f"relations/{name}" for name in "xyz"]
    axes = plot_bars({"a": [run("a", 1, 0.5, **metrics)]}, MEASURE, also).axes
    assert [panel.get_title(loc="left") for panel in axes] == [MEASURE, *also]
    assert len({round(panel.get_subplotspec().rowspan.start) for panel in axes}) == 2


def test_ten_configurations_look_different():
    groups = {f"c{i}": [run(f"c{i}", 1, 0.5, [0.1 * i, 0.5])] for i in range(10)}
    figure = plot_curves(groups, MEASURE)
    assert len({(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines}) == 10
    few = plot_curves({"c1": groups["c1"], "c2": groups["c2"]}, MEASURE)
    assert figure.get_size_inches()[1] > few.get_size_inches()[1]  # room for the legend is no panel's loss


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_one_figure_gives_the_same_bytes(tmp_path, suffix):
    import matplotlib

    paths = [tmp_path / "new" / f"{number}.{suffix}" for number in range(2)]
    for size, path in zip((9, 30), paths, strict=True):
        with matplotlib.rc_context({"font.size": size, "svg.hashsalt": str(size)}):  # a user's own settings
            save_figure(plot_curves(GROUPS, MEASURE), path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert first.startswith({"svg": b"<?xml", "png": b"\x89PNG"}[suffix])
    assert b"<dc:date>" not in first


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'causal-mtl\[plots\]'"):
        plot_bars({"a": [run("a", 1, 0.5)]}, MEASURE)
