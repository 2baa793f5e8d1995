"""From a trained model through ``main`` to one with other thresholds, which the other commands use."""

import json
import tarfile

import pytest

from causal_mtl.archive import load_archive
from causal_mtl.commands import main


@pytest.fixture
def data(trained):
    return json.loads((trained / "config.json").read_text())["validation_data_path"]


def tuned(trained, data, tmp_path, capsys, *options):
    capsys.readouterr()
    final = tmp_path / "tuned.tar.gz"
    assert main(["tune-thresholds", str(trained), data, "-s", str(final), *options]) == 0
    return final, json.loads(capsys.readouterr().out)


def test_the_new_model_scores_what_was_promised(trained, data, tmp_path, capsys):
    options = ["--measure", "relations/exact_f1", "--min-count", "3", "--folds", "3"]
    final, report = tuned(trained, data, tmp_path, capsys, *options)
    scores = {}
    for name, archive in (("as_trained", trained), ("tuned", final)):
        assert main(["evaluate", str(archive), data]) == 0
        scores[name] = round(json.loads(capsys.readouterr().out)["relations/exact_f1"], 4)
        assert report[name] == scores[name]
    assert report["tuned"] >= report["as_trained"]
    assert 0 <= report["cross_validated"] <= 1
    task = load_archive(final).model.tasks["relations"]
    assert task.threshold == report["threshold"]
    assert task.label_thresholds == report["label_thresholds"]
    with tarfile.open(final) as tar:
        note = json.load(tar.extractfile("run.json"))
    assert note["seed"] == json.loads((trained / "run.json").read_text())["seed"]
    assert note["tuned_thresholds"]["data"] == data
    assert len(note["tuned_thresholds"]["data_sha256"]) == 64


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--measure", "entities/f1"], "'entities/f1' is no F1 of a task with thresholds"),
        ([], "'entities/f1' is no F1 of a task with thresholds; name one with --measure"),  # what decided
        (["--folds", "1"], "--folds: at least 2"),
    ],
)
def test_mistakes(trained, data, tmp_path, capsys, options, message):
    final = tmp_path / "tuned.tar.gz"
    assert main(["tune-thresholds", str(trained), data, "-s", str(final), *options]) == 2
    assert message in capsys.readouterr().err
    assert not final.exists()


def test_nothing_is_overwritten(trained, data, tmp_path, capsys):
    final = tmp_path / "tuned.tar.gz"
    final.write_text("mine")
    assert main(["tune-thresholds", str(trained), data, "-s", str(final)]) == 2
    assert f"{final} exists" in capsys.readouterr().err
    assert main(["tune-thresholds", str(trained), data, "-s", str(final / "x.tar.gz")]) == 2
    assert "--save-to: cannot make the directory" in capsys.readouterr().err
    assert final.read_text() == "mine"
