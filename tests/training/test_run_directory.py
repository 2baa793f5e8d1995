import json
import subprocess

import pytest

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.training.note import data_hashes, write_note
from causal_mtl.training.run_directory import prepare

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
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    prepare(tmp_path, CONFIG, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


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
