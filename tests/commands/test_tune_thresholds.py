"""From a trained model through ``main`` to one with other thresholds, which the other commands use."""

import json
import tarfile

import pytest

from causal_mtl import train
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


@pytest.fixture(scope="module")
def flat(trained, tmp_path_factory):
    """Spans that must not overlap, declared after the relations that depend on them."""
    config = json.loads((trained / "config.json").read_text())
    relations = next(task for task in config["model"]["tasks"] if task["type"] == "relation_extraction")
    spans = {"type": "span_classification", "name": "entities", "parents": [], "overlaps": "flat"}
    config["model"]["tasks"] = [{**relations, "parents": ["entities"]}, spans]
    config["trainer"] |= {"num_epochs": 12, "validation_metric": "-loss"}
    directory = tmp_path_factory.mktemp("flat") / "run"
    train(config, directory)
    return directory


@pytest.mark.parametrize(("measure", "number"), [("relations/exact_f1", 0), ("entities/f1", 1)])
def test_the_thresholds_are_those_of_the_task(flat, data, tmp_path, capsys, measure, number):
    before = json.loads((flat / "config.json").read_text())["model"]["tasks"]
    final, report = tuned(flat, data, tmp_path, capsys, "--measure", measure, "--min-count", "1")
    for name, archive in (("as_trained", flat), ("tuned", final)):
        assert main(["evaluate", str(archive), data]) == 0
        assert report[name] == round(json.loads(capsys.readouterr().out)[measure], 4)
    after = load_archive(final).config.as_dict(quiet=True)["model"]["tasks"]
    assert report["label_thresholds"]
    assert after[number]["label_thresholds"] == report["label_thresholds"]
    assert after[1 - number] == before[1 - number]


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
