import json
import subprocess

import pytest

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.training.note import data_hashes, write_note
from causal_mtl.training.run_directory import check_directory, mark_start, prepare, undo_start

CONFIG = Params({"model": {"width": 3}, "tasks": ["a"]})


def test_new_and_empty_directories(tmp_path):
    prepare(tmp_path, CONFIG)
    assert json.loads((tmp_path / "config.json").read_text()) == CONFIG.as_dict(quiet=True)
    prepare(tmp_path / "a" / "b", CONFIG)
    assert (tmp_path / "a" / "b" / "config.json").exists()


def test_a_directory_in_use(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"not empty.*--recover.*--force"):
        prepare(tmp_path, CONFIG)
    with pytest.raises(ConfigurationError, match="does not look like a training"):
        prepare(tmp_path, CONFIG, force=True)
    assert (tmp_path / "notes.txt").exists()
    with pytest.raises(ConfigurationError, match="not empty"):
        prepare(tmp_path / "notes.txt", CONFIG)


def test_force_deletes_a_training(tmp_path):
    prepare(tmp_path, CONFIG)
    for name in ("metrics.jsonl", "run.json"):
        (tmp_path / name).write_text("{}\n")
    (tmp_path / "counts").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    prepare(tmp_path, CONFIG, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "notes.txt"]


def test_what_callbacks_made_before_the_first_step_is_undone(tmp_path):
    mark_start(tmp_path)
    prepare(tmp_path, CONFIG)
    (tmp_path / "tensorboard").mkdir()
    (tmp_path / "mine.txt").touch()
    undo_start(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_force_deletes_nothing_else(tmp_path):
    (tmp_path / "config.json").write_text('{"architectures": ["BertModel"]}')
    (tmp_path / "model.safetensors").write_text("weights")
    with pytest.raises(ConfigurationError, match=r"does not look like a training \(no run\.json\)"):
        prepare(tmp_path, CONFIG, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("name", ["model.tar.gz", "vocabulary", "."])
def test_force_does_not_delete_what_the_training_reads(tmp_path, name):
    prepare(tmp_path, CONFIG)
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "model.tar.gz").touch()
    (tmp_path / "vocabulary").mkdir()
    with pytest.raises(ConfigurationError, match=r"--force would delete .*, which this training reads"):
        check_directory(tmp_path, CONFIG, force=True, inputs=[str(tmp_path / name)])
    (tmp_path / "train.json").touch()
    others = [str(tmp_path / "train.json"), "https://example.org/model.tar.gz", str(tmp_path / "none")]
    check_directory(tmp_path, CONFIG, force=True, inputs=others)


def test_with_more_epochs_a_training_is_not_finished(tmp_path):
    config = Params({"trainer": {"num_epochs": 5}})
    prepare(tmp_path, config)
    (tmp_path / "metrics.json").write_text("{}")
    prepare(tmp_path, config, recover=True)
    assert (tmp_path / "metrics.json").exists()
    prepare(tmp_path, config.with_overrides({"trainer.num_epochs": 10}), recover=True)
    assert not (tmp_path / "metrics.json").exists()


def test_recover_needs_the_same_config(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no training"):
        prepare(tmp_path, CONFIG, recover=True)
    prepare(tmp_path, CONFIG)
    prepare(tmp_path, CONFIG, recover=True)
    with pytest.raises(ConfigurationError, match=r"model.width: 3 there, 4 now"):
        prepare(tmp_path, CONFIG.with_overrides({"model.width": 4}), recover=True)
    with pytest.raises(ConfigurationError, match=r"new: '\(absent\)' there, 1 now"):
        prepare(tmp_path, CONFIG.with_overrides({"new": 1}), recover=True)
    with pytest.raises(ConfigurationError, match="one of them"):
        prepare(tmp_path, CONFIG, recover=True, force=True)


def test_the_note(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.txt").write_text("abc")
    write_note(
        tmp_path, 7, data_hashes([str(tmp_path / "data.txt")]), {"mixed_precision": "no", "threads": 3}
    )
    note = json.loads((tmp_path / "run.json").read_text())
    assert note["seed"] == 7
    assert note["git_commit"] is None
    assert note["machine"]["mixed_precision"] == "no"
    assert note["machine"]["threads"] == 3
    assert {"python", "torch", "causal_mtl"} <= note["versions"].keys()
    (digest,) = note["data_sha256"].values()
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "m"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "data.txt").write_text("changed")
    write_note(tmp_path, 7, {})
    note = json.loads((tmp_path / "run.json").read_text())
    assert note["git_commit"] is None  # the first note stays
    assert note["recovered"][0]["git_commit"].endswith("+changes")
