import numpy as np
import pytest

from causal_mtl.analysis import FinishedRun, SentenceCounts, Table, comparison_table, render, score_table
from causal_mtl.common import ConfigurationError

MEASURE = "relations/exact_f1"


def run(label, seed, f1=0.5, rows=None, epoch=3, data="dev.json"):
    metrics = {"best_epoch": epoch, "training_duration": 60.0 * seed, "validation_topic/accuracy": 0.25}
    for name, value in (("precision", 0.25), ("recall", 0.75), ("f1", f1)):
        metrics[f"validation_relations/exact_{name}"] = value
    counts = rows and SentenceCounts(data, f"sha of {data}", "", {MEASURE: np.array(rows)})
    return FinishedRun(label, label, seed, {"validation_data_path": "dev.json"}, metrics, {}, counts)


def test_scores():
    table = score_table({"a": [run("a", 1, 0.5), run("a", 2, 0.6, epoch=7)], "b": [run("b", 1)]}, MEASURE)
    assert table.title == f"{MEASURE} on dev.json, as trained (× 100, mean ± sd over seeds)"
    assert table.header == ["configuration", "seeds", "P", "R", "F1", "best epoch", "minutes"]
    assert table.rows == [
        ["a", "2", "25.0 ± 0.0", "75.0 ± 0.0", "55.0 ± 7.1", "3, 7", "1.5"],
        ["b", "1", "25.0", "75.0", "50.0", "3", "1.0"],
    ]


def test_scores_of_another_measure():
    table = score_table({"a": [run("a", 1, epoch=None)]}, "topic/accuracy")
    assert table.header[2:-2] == ["accuracy"]
    assert table.rows == [["a", "1", "25.0", "–", "1.0"]]
    with pytest.raises(
        ConfigurationError, match=r"a: no measure 'topic/precision' \(there are relations/exact"
    ):
        score_table({"a": [run("a", 1)]}, "topic/f1")


def test_scores_from_counts():
    table = score_table({"a": [run("a", 1, rows=[[1, 2, 1], [0, 0, 3]], data="test.json")]}, MEASURE)
    assert table.title.startswith(f"{MEASURE} on test.json, predicted anew")
    assert table.rows[0][2:5] == ["50.0", "25.0", "33.3"]
    with pytest.raises(ConfigurationError, match="no sentence is annotated for what 'topic/accuracy' scores"):
        score_table({"a": [run("a", 1, rows=[[1, 2, 1]], data="test.json")]}, "topic/accuracy")
    with pytest.raises(ConfigurationError, match="only known on the validation data"):
        score_table({"a": [run("a", 1, rows=[[1, 2, 1]], data="test.json")]}, "topic/loss")


def test_precision_and_recall_come_from_the_counts_of_f1():
    counted = {"a": [run("a", 1, rows=[[1, 2, 1], [0, 0, 3]], data="test.json")]}
    for name, value in (("precision", "50.0"), ("recall", "25.0")):
        table = score_table(counted, f"relations/exact_{name}")
        assert table.title.startswith(f"relations/exact_{name} on test.json, predicted anew")
        assert table.rows[0][2] == value


def test_what_cannot_be_counted_is_as_trained():
    table = score_table({"a": [run("a", 1, rows=[[1, 2, 1]])]}, "topic/accuracy")
    assert table.title.startswith("topic/accuracy on dev.json, as trained")
    assert table.rows[0][2] == "25.0"


def test_comparisons():
    groups = {
        "good": [run("good", 1, rows=[[2, 2, 2]] * 10)],
        "bad": [run("bad", 1, rows=[[1, 2, 2]] * 10)],
    }
    table = comparison_table(groups, MEASURE, [("good", "bad"), ("bad", "good")])
    assert table.rows == [
        ["good", "bad", "+50.0", "[50.0, 50.0]"],
        ["bad", "good", "-50.0", "[-50.0, -50.0]"],
    ]
    with pytest.raises(ConfigurationError, match=r"no configuration is called 'god' \(there are good, bad\)"):
        comparison_table(groups, MEASURE, [("god", "bad")])
    with pytest.raises(ConfigurationError, match="'topic/accuracy' cannot be counted"):
        comparison_table(groups, "topic/accuracy", [("good", "bad")])
    groups["bad"] = [run("bad", 1, rows=[[1, 2, 2]] * 10, data="test.json")]
    with pytest.raises(ConfigurationError, match="different data"):
        comparison_table(groups, MEASURE, [("good", "bad")])


TABLE = Table("Scores", ["name", "of 100%"], [["a_b|c", "1.0 ± 0.1"], ["d", "–"]])


def test_text():
    assert render(TABLE) == "Scores\n\nname     of 100%\na_b|c  1.0 ± 0.1\nd              –\n"


def test_markdown():
    assert render(TABLE, "markdown") == (
        "Scores\n\n| name | of 100% |\n| --- | ---: |\n| a_b\\|c | 1.0 ± 0.1 |\n| d | – |\n"
    )


def test_latex():
    assert render(TABLE, "latex").splitlines() == [
        "% Scores",
        r"\begin{tabular}{lr}",
        r"\hline",
        r"name & of 100\% \\",
        r"\hline",
        r"a\_b|c & $1.0 \pm 0.1$ \\",
        r"d & -- \\",
        r"\hline",
        r"\end{tabular}",
    ]
