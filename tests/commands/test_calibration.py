"""`evaluate --calibration`."""

import json

import pytest

from causal_mtl.commands.main import main


def test_each_scored_task_has_its_calibration(reviews, fixtures, capsys):
    data = str(fixtures / "cebab/dev.json")
    assert main(["evaluate", str(reviews), data, "--calibration", "--tasks", "food,rating"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["calibration"]) == {"food", "rating"}
    for task, one in found["calibration"].items():
        assert one["right"] == pytest.approx(found[f"{task}/accuracy"])
        assert abs(one["right"] - one["confidence"]) <= one["calibration_error"] + 1e-12 < 1
    assert found["calibration"]["rating"]["items"] == found["sentences"]


def test_relations_count_what_precision_counts(trained, fixtures, capsys):
    assert main(["evaluate", str(trained), str(fixtures / "triples/dev.json"), "--calibration"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["calibration"]["relations"]["right"] == pytest.approx(found["relations/exact_precision"])
