"""The command line; what is estimated is tested in tests/analysis/effects."""

import csv
import json

import pytest

from causal_mtl.commands.main import main


def labels(reviews, fixtures, *options):
    arguments = [str(reviews), str(fixtures / "cebab/dev.json"), "--source", "food", "--target", "rating"]
    return main(["effects", "labels", *arguments, "--samples", "100", "--min-support", "5", *options])


def test_json_csv_and_heat_map(reviews, fixtures, tmp_path, caplog):
    files = [tmp_path / name for name in ("report.json", "effects.csv", "map.svg")]
    names = ["--output-file", "--csv", "--heat-map"]
    options = [word for pair in zip(names, map(str, files), strict=True) for word in pair]
    assert labels(reviews, fixtures, *options) == 0
    report = json.loads(files[0].read_text())
    assert report["question"]["source"] == "food"
    assert {row["outcome"] for row in report["effects"]} == {"1", "2", "3", "4", "5"}
    rows = list(csv.DictReader(files[1].open()))
    assert len(rows) == len(report["effects"])
    assert float(rows[0]["total"]) == pytest.approx(report["effects"][0]["paths"]["total"]["effect"])
    assert b"food (set)" in files[2].read_bytes() or b"<svg" in files[2].read_bytes()
    assert "one model: the intervals say nothing about trainings with other seeds" in caplog.text


def test_a_contrast_and_the_expected_rating(reviews, fixtures, capsys):
    options = [
        "--labels",
        "Positive",
        "--against",
        "Negative",
        "--expected",
        "--given-gold",
        "service",
        "noise",
    ]
    assert labels(reviews, fixtures, *options) == 0
    report = json.loads(capsys.readouterr().out)
    assert {row["label"] for row in report["effects"]} == {"Positive"}
    assert all(row["against"] == {"Negative": 1.0} for row in report["effects"])
    by_outcome = {
        r["outcome"]: r["paths"]["total"]["effect"] for r in report["effects"] if r["population"] == "all"
    }
    expected = by_outcome.pop("(expected value)")
    assert expected == pytest.approx(sum(int(stars) * effect for stars, effect in by_outcome.items()))
    assert expected > 0.3


def test_readable_tables(reviews, fixtures, capsys):
    assert labels(reviews, fixtures, "--readable", "--total-only") == 0
    shown = capsys.readouterr().out
    assert "Effect of food on rating, cases that have the label" in shown
    assert "direct" not in shown


def test_labels_with_few_cases_are_left_out(reviews, fixtures, capsys, caplog):
    assert labels(reviews, fixtures, "--min-support", "1000") == 0
    assert json.loads(capsys.readouterr().out)["effects"] == []
    assert "'Positive' is left out" in caplog.text


def one_text(fixtures, folder):
    """The first text of the data in which food has a label."""
    texts = json.loads((fixtures / "cebab/dev.json").read_text())
    first = next(text for text in texts if text["food_aspect_majority"] == "Positive")
    (folder / "one.json").write_text(json.dumps([first]))
    return str(folder / "one.json")


def test_of_one_text_there_is_no_interval(reviews, fixtures, tmp_path, capsys):
    files = [tmp_path / name for name in ("effects.csv", "map.svg")]
    arguments = [str(reviews), one_text(fixtures, tmp_path), "--source", "food", "--target", "rating"]
    command = ["effects", "labels", *arguments, "--samples", "9", "--min-support", "1"]
    assert main([*command, "--csv", str(files[0]), "--heat-map", str(files[1])]) == 0
    report = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    for row in report["effects"]:
        assert (row["cases"], row["p"], row["found"]) == (1, 1.0, False)
        assert row["paths"]["total"]["low"] is row["paths"]["total"]["high"] is None
    assert {row["total_low"] for row in csv.DictReader(files[0].open())} == {""}
    assert b"<svg" in files[1].read_bytes()
    assert main([*command, "--readable"]) == 0
    assert "nan" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--source", "foods"], "--source: the model has no task 'foods'; did you mean 'food'?"),
        (["--target", "service"], "labels of 'food' do not reach 'service' in this model; they reach rating"),
        (["--labels", "(none)"], "--labels: the task 'food' has no label '(none)'"),
        (["--against", "(none)"], "--against: the task 'food' has no label '(none)'"),
        (["--labels", "Positive", "--against", "Positive"], "--against: no label of 'food' has another"),
        (["--known-null", "service"], "--known-null: labels of 'food' do not reach 'service'"),
        (["--known-null", "rating"], "--known-null: 'rating' is the target; name an outcome of it"),
        (["--labels", "Good"], "--labels: the task 'food' has no label 'Good'"),
        (["--given-gold", "food"], "--given-gold: 'food' is the source or a target"),
        (["--known-null", "rating/9"], "--known-null: 'rating' has no outcome '9'"),
        (["--fdr", "0"], "--fdr: expected a number above 0"),
        (["--frequencies-from", "x"], "--frequencies-from: has no effect without --weights frequency"),
    ],
)
def test_mistakes(reviews, fixtures, capsys, options, message):
    assert labels(reviews, fixtures, *options) == 2
    assert message in capsys.readouterr().err
