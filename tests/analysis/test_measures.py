import numpy as np
import pytest

from causal_mtl.analysis import (
    FinishedRun,
    SentenceCounts,
    comparison_table,
    deciding,
    paired_bootstrap,
    score_table,
)
from causal_mtl.analysis.drawing import quantities
from causal_mtl.analysis.measures import as_shown, described, ratio, unit
from causal_mtl.common import ConfigurationError
from causal_mtl.metrics import Measure

MAE = Measure({"error": 1}, {"texts": 1}, gold="texts", higher_is_better=False)


def run(label, errors, **counted):
    """A training whose plugin is not there any more: what it measured stands in its note."""
    rows = np.array([[error, 1] for error in errors])
    counts = SentenceCounts("d", "", "", {"stars/mae": rows}, columns={"stars/mae": ("error", "texts")})
    metrics = {"best_epoch": 1, "training_duration": 60.0}
    note = {"measures": {"stars/mae": MAE.to_json()}}
    return FinishedRun(label, label, 1, {"validation_data_path": "d"}, metrics, note, counts)


def test_tables_of_a_measure_of_a_plugin():
    groups = {"good": [run("good", [0, 1, 0, 1])], "bad": [run("bad", [1, 2, 1, 2])]}
    table = score_table(groups, "stars/mae")
    assert table.title == "stars/mae on d, predicted anew (lower is better, mean ± sd over seeds)"
    assert table.header[2:-2] == ["mae"]
    assert [row[2] for row in table.rows] == ["0.5", "1.5"]
    table = comparison_table(groups, "stars/mae", [("good", "bad")])
    assert table.rows == [["good", "bad", "-1", "[-1, -1]"]]


def test_drawings_of_a_measure_of_a_plugin():
    one = run("a", [3, 1])
    assert quantities.in_words("stars/mae", one) == "mae"
    assert quantities.as_text("stars/mae", [0.5, 0.75], one) == "0.625 ± 0.177"
    assert quantities.value_of(one, "stars/mae") == 2.0
    assert quantities.in_words("training_topic/macro_f1", one) == "macro F1 × 100"


def test_counts_of_another_json():
    counts = run("a", [3, 1]).counts
    back = SentenceCounts.from_json(counts.to_json())
    assert counts.to_json()["measures"] == {"stars/mae": {"error": [3, 1], "texts": [1, 1]}}
    assert back.columns_of("stars/mae") == ("error", "texts")
    assert (back.measures["stars/mae"] == counts.measures["stars/mae"]).all()


def test_a_bootstrap_of_any_ratio_against_loops():
    rng = np.random.default_rng(3)
    system, baseline = ([np.stack([rng.integers(0, 5, 30), np.ones(30, int)], 1)] for _ in range(2))
    found = paired_bootstrap(system, baseline, samples=50, seed=1, measure=MAE)
    draws = np.random.default_rng(1).integers(30, size=(50, 30))
    slow = [system[0][draw, 0].mean() - baseline[0][draw, 0].mean() for draw in draws]
    assert found.difference == pytest.approx(system[0][:, 0].mean() - baseline[0][:, 0].mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(slow, [2.5, 97.5])))
    other = [np.stack([rng.integers(0, 5, 30), np.zeros(30, int)], 1)]
    with pytest.raises(ConfigurationError, match="differ in 'texts', which gold alone decides"):
        paired_bootstrap(system, other, measure=MAE)


def test_a_ratio_without_anything_to_divide_by():
    assert ratio(MAE, np.array([[0, 0], [3, 2]])).tolist() == [0.0, 1.5]


def test_what_an_older_training_does_not_say():
    assert described({}, "relations/exact_f1").beside == (
        "relations/exact_precision",
        "relations/exact_recall",
    )
    assert described({}, "topics/recall").columns == ("correct", "gold")
    assert described({}, "topic/accuracy").percent
    assert described({}, "relations/kl") == Measure(higher_is_better=False)
    assert described({"measures": {"a/f1": {}}}, "a/f1") == Measure()


def test_how_values_are_shown():
    assert (as_shown(described({}, "a/f1")), unit(described({}, "a/f1"))) == ((100, ".1f"), "× 100, ")
    assert (as_shown(MAE), unit(MAE)) == ((1, ".3g"), "lower is better, ")


def test_what_is_tabulated_by_default():
    assert deciding([{"trainer": {"validation_metric": "+a/f1"}}] * 2) == ["a/f1"]
    assert deciding([{"trainer": {"validation_metric": ["+a/f1", "-b/mae"]}}]) == ["a/f1", "b/mae"]
    assert deciding([{}]) == ["loss"]
    with pytest.raises(
        ConfigurationError, match=r"different validation metrics \(a/f1; loss\): give --measure"
    ):
        deciding([{"trainer": {"validation_metric": "+a/f1"}}, {}])
