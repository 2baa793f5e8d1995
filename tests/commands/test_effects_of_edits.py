"""The command line of `effects edits`; errors are tested in tests/analysis/effects."""

import json

import pytest

from causal_mtl.commands.main import main


def edits(archives, fixtures, *options):
    data = str(fixtures / "cebab/dev.json")
    return main(
        ["effects", "edits", *map(str, archives), data, "--target", "rating", "--samples", "50", *options]
    )


def test_a_report_of_the_reviews(reviews, fixtures, tmp_path, caplog):
    file = tmp_path / "report.json"
    assert edits([reviews], fixtures, "--output-file", str(file)) == 0
    report = json.loads(file.read_text())
    scores = report["scores"]
    assert set(scores) == {"pairs", "set label", "no effect", "difference"}
    assert scores["set label"]["cosine"]["mean"] < 1 == scores["no effect"]["cosine"]["mean"]
    assert scores["set label"]["order"]["mean"] > scores["no effect"]["order"]["mean"]
    assert sum(of["pairs"] for of in report["by_task"].values()) == report["pairs"]
    food = [
        c
        for c in report["changes"]
        if (c["task"], c["before"], c["after"]) == ("food", "Negative", "Positive")
    ]
    assert food[0]["actual"]["mean"] > 0.3
    assert food[0]["said"]["mean"] > 0.3
    assert "one model: the intervals say nothing" in caplog.text


def test_fewer_pairs_from_originals_only(reviews, fixtures, capsys):
    counts = []
    for which in ("all", "originals"):
        assert edits([reviews], fixtures, "--pairs", which) == 0
        counts.append(json.loads(capsys.readouterr().out)["pairs"])
    assert 0 < 2 * counts[1] <= counts[0]


def test_readable_tables(reviews, fixtures, capsys):
    assert edits([reviews, reviews], fixtures, "--readable") == 0
    shown = capsys.readouterr().out
    assert "2 models" in shown
    assert "no effect" in shown
    assert "Change of the expected value" in shown


@pytest.mark.parametrize(
    ("target", "message"),
    [("ratings", "--target: the model has no task 'ratings'"), ("food", "do not reach 'food'")],
)
def test_targets_that_cannot_be_asked(reviews, fixtures, capsys, target, message):
    assert main(["effects", "edits", str(reviews), str(fixtures / "cebab/dev.json"), "--target", target]) != 0
    assert message in capsys.readouterr().err


def test_a_model_without_transfer_says_nothing(reviews_without_transfer, fixtures, capsys):
    assert edits([reviews_without_transfer], fixtures) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert scores["set label"]["l2"]["mean"] == pytest.approx(scores["no effect"]["l2"]["mean"], abs=1e-6)
    assert scores["set label"]["order"] == scores["no effect"]["order"]
