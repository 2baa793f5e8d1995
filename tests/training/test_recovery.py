import json
import logging
import re
import shutil
from pathlib import Path

import pytest
import torch

from causal_mtl import train
from causal_mtl.archive import load_archive
from causal_mtl.common import ConfigurationError
from causal_mtl.training.experiment import Experiment
from causal_mtl.training.note import data_hashes

TIMES = ("second", "duration", "memory")


def content(directory):
    """Every file below `directory`, with when it was written."""
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in directory.rglob("*") if path.is_file()
    }


def weights(directory):
    return load_archive(directory).model.state_dict()


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def lines(directory):
    text = (directory / "metrics.jsonl").read_text()
    return [
        {name: value for name, value in json.loads(line).items() if not any(time in name for time in TIMES)}
        for line in text.splitlines()
    ]


@pytest.fixture
def data(config, tmp_path):
    """The training data in a file of its own."""
    path = tmp_path / "train.json"
    shutil.copy(config["train_data_path"], path)
    config["train_data_path"] = str(path)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny_config):
    """A training of three epochs of which all checkpoints are there. Do not write to it."""
    directory = tmp_path_factory.mktemp("whole") / "run"
    train(three_epochs(tiny_config()), directory)
    return directory


def three_epochs(config):
    config["dataset_reader"]["max_instances"] = 20
    config["trainer"] |= {"num_epochs": 3, "keep_checkpoints": 3, "validation_metric": "-loss"}
    return config


@pytest.fixture
def run(config, whole, tmp_path):
    """A copy of `whole`, with its config in `config`."""
    three_epochs(config)
    return Path(shutil.copytree(whole, tmp_path / "run"))


def refused(config, directory, match, **changes):
    """`--recover` says `match` and leaves every file as it was."""
    before = content(directory)
    with pytest.raises(ConfigurationError, match=match) as caught:
        train(config, directory, recover=True, **changes)
    assert content(directory) == before
    return str(caught.value)


def test_edited_labels_are_refused(config, data, tmp_path):
    train(config, tmp_path / "run")
    text = data.read_text()
    data.write_text(text.replace('"works for"', '"employs"'))
    assert data.read_text() != text
    message = refused(config, tmp_path / "run", "trained on other data.*nothing was changed")
    assert re.search(
        rf"{re.escape(str(data))}: its content is not what it was \(SHA-256 \w{{12}}… there", message
    )
    data.write_text(text)
    train(config, tmp_path / "run", recover=True)


def test_all_differences_are_listed(config, data, tmp_path):
    train(config, tmp_path / "run")
    config["trainer"]["optimizer"]["lr"] = 0.5
    config["random_seed"] = 3
    message = refused(config, tmp_path / "run", "another config")
    assert "trainer.optimizer.lr: 0.02 there, 0.5 now" in message
    assert "random_seed: '(absent)' there, 3 now" in message


def test_hashes_of_directories(tmp_path):
    folder = tmp_path / "brat"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.txt").write_text("one")
    (hash_before,) = data_hashes([str(folder)]).values()
    (folder / "deep" / "a.txt").write_text("two")
    (edited,) = data_hashes([str(folder)]).values()
    (folder / "deep" / "a.txt").write_text("one")
    (folder / "deep" / "a.txt").rename(folder / "deep" / "b.txt")
    (renamed,) = data_hashes([str(folder)]).values()
    assert len({hash_before, edited, renamed}) == 3


def test_data_in_a_directory(config, tmp_path):
    folder = tmp_path / "notes"
    shutil.copytree(Path(__file__).parents[2] / "fixtures/brat/notes", folder)
    config["dataset_reader"] = {"type": "brat", "token_indexers": {"tokens": {"type": "single_id"}}}
    config["train_data_path"] = str(folder)
    for key in ("validation_data_path",):
        del config[key]
    del config["trainer"]["validation_metric"]
    config["trainer"]["num_epochs"] = 1
    del config["model"]["embedder"]["characters"]
    train(config, tmp_path / "run")
    note = json.loads((tmp_path / "run" / "run.json").read_text())
    assert note["data_sha256"].keys() == {str(folder)}
    text = folder / "document.txt"
    text.write_text(text.read_text() + " ")
    refused(config, tmp_path / "run", str(folder))


def test_another_vocabulary_is_refused(config, run):
    path = run / "vocabulary" / "tokens.txt"
    words = path.read_text().split("\n")
    words[3], words[4] = words[4], words[3]
    path.write_text("\n".join(words))
    refused(config, run, r"another vocabulary(.|\n)*tokens\.txt:4: '.*' there, '.*' now")
    shutil.rmtree(run / "vocabulary")
    train(config, run, recover=True)
    assert path.read_text() != "\n".join(words)


def test_another_precision_is_refused_before_data_is_read(config, run, monkeypatch):
    note = json.loads((run / "run.json").read_text())
    note["machine"]["mixed_precision"] = "bf16"
    (run / "run.json").write_text(json.dumps(note))
    monkeypatch.setattr(Experiment, "_read", lambda *_: pytest.fail("data was read"))
    refused(config, run, "mixed_precision: 'bf16' there, 'no' now")


def test_another_number_of_threads_is_said(config, run, caplog):
    note = json.loads((run / "run.json").read_text())
    note["machine"]["threads"] = 77
    (run / "run.json").write_text(json.dumps(note))
    train(config, run, recover=True)
    assert "threads: 77 there" in caplog.text


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garble(path):
    path.write_bytes(b"\x00\xffgarbage")


def flip(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


DAMAGES = [
    *(
        (damage, name)
        for damage in (truncate, garble, flip)
        for name in ("model.safetensors", "state.safetensors", "state.json")
    ),
    (lambda path: path.unlink(), "state.json"),
    (garble, "manifest.json"),
]


@pytest.mark.parametrize(("damage", "name"), DAMAGES)
def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used(
    config, run, whole, damage, name, caplog
):
    damage(run / "checkpoints" / "epoch_3" / name)
    train(config, run, recover=True)
    assert "epoch_3 cannot be used" in caplog.text
    assert "going back to epoch_2" in caplog.text
    assert same(weights(run), weights(whole))
    assert lines(run) == lines(whole)
    assert not list(run.rglob(".deleted_*"))


def test_an_empty_checkpoint_is_damaged_too(config, run, whole):
    for path in (run / "checkpoints" / "epoch_3").iterdir():
        path.unlink()
    train(config, run, recover=True)
    assert same(weights(run), weights(whole))


def test_without_a_sound_checkpoint_recover_is_refused(config, run):
    for path in run.glob("checkpoints/*/model.safetensors"):
        truncate(path)
    message = refused(config, run, "no checkpoint in .* can be used")
    for epoch in (1, 2, 3):
        assert f"epoch_{epoch}: damaged" in message


def test_a_missing_best_checkpoint_is_said_at_the_start(config, run, monkeypatch):
    lines_there = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    best = max(line["epoch"] for line in lines_there if line["is_best"])
    for path in run.glob("checkpoints/*"):
        if path.name != "epoch_3":
            shutil.rmtree(path)
    state = run / "checkpoints" / "epoch_3" / "state.json"
    state.write_text(state.read_text().replace(f'["best_epoch", {best}]', '["best_epoch", 1]'))
    (state.parent / "manifest.json").unlink()
    monkeypatch.setattr(Experiment, "_read", lambda *_: pytest.fail("data was read"))
    refused(config, run, "epoch_1, the best epoch until then, cannot be used: epoch_1 is not there")


def test_checkpoints_of_early_versions_have_no_hashes(config, run, whole, caplog):
    for path in run.glob("checkpoints/*/manifest.json"):
        path.unlink()
    garble(run / "checkpoints" / "epoch_3" / "model.safetensors")
    train(config, run, recover=True)
    assert "epoch_3 cannot be used (model.safetensors: damaged" in caplog.text
    assert "without hashes" in caplog.text
    assert same(weights(run), weights(whole))


@pytest.mark.parametrize("damage", [truncate, garble, lambda path: path.unlink()])
def test_metric_lines_are_repaired(config, run, whole, damage):
    damage(run / "metrics.jsonl")
    train(config, run, recover=True)
    assert lines(run) == lines(whole)


@pytest.mark.parametrize("name", ["run.json", "config.json"])
@pytest.mark.parametrize("damage", [truncate, garble])
def test_damaged_json_is_named(config, run, name, damage):
    damage(run / name)
    refused(config, run, re.escape(str(run / name)))


def test_without_a_note_data_is_not_compared(config, run, caplog):
    (run / "run.json").unlink()
    train(config, run, recover=True)
    assert "they are not compared" in caplog.text


def test_epochs_can_be_raised(config, run, tmp_path):
    config["trainer"]["num_epochs"] = 5
    train(config, run, recover=True)
    train(config, tmp_path / "long")
    assert same(weights(run), weights(tmp_path / "long"))
    assert lines(run) == lines(tmp_path / "long")
    assert (run / "config.json").read_bytes() == (tmp_path / "long" / "config.json").read_bytes()
    config["trainer"]["num_epochs"] = 3
    refused(config, run, r"num_epochs: 5 there, 3 now \(it can be raised, not lowered\)")


@pytest.mark.parametrize(
    ("scheduler", "fits"),
    [
        ("linear_with_warmup", False),
        ({"type": "one_cycle", "max_lr": 0.1}, False),
        ("cosine", False),
        ({"type": "constant_with_warmup", "num_warmup_steps": 3}, True),
        ({"type": "cosine", "num_epochs": 9}, True),
        ("reduce_on_plateau", True),
    ],
)
def test_schedules_of_a_fixed_length(config, tmp_path, scheduler, fits):
    config["dataset_reader"]["max_instances"] = 20
    config["trainer"] |= {"num_epochs": 1, "lr_scheduler": scheduler}
    train(config, tmp_path / "run")
    config["trainer"]["num_epochs"] = 2
    if fits:
        train(config, tmp_path / "run", recover=True)
        train(config, tmp_path / "long")
        assert same(weights(tmp_path / "run"), weights(tmp_path / "long"))
    else:
        refused(config, tmp_path / "run", "num_epochs: 1 there, 2 now .*rates of lr_scheduler")


def test_a_start_that_fails_leaves_nothing(config, data, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    good = data.read_text()
    data.write_text('{"no": "data"}')
    directory = tmp_path / "made" / "run"
    with pytest.raises(ConfigurationError):
        train(config, directory)
    assert not directory.exists()
    data.write_text(good)
    config["trainer"]["parameter_groups"] = [{"regexes": ["no such weight"], "lr": 1.0}]
    with pytest.raises(ConfigurationError, match="no such weight"):
        train(config, directory)
    assert not directory.exists()
    del config["trainer"]["parameter_groups"]
    train(config, directory)


def test_a_forced_start_that_fails_deletes_nothing(config, data, tmp_path):
    train(config, tmp_path / "run")
    before = content(tmp_path / "run")
    for wrong in (
        {"trainer.parameter_groups": [{"regexes": ["no such weight"], "lr": 1.0}]},
        {"trainer.validation_metric": "-entities/kl"},
    ):
        with pytest.raises(ConfigurationError, match=r"no such weight|entities/kl"):
            train(config, tmp_path / "run", force=True, overrides=wrong)
        assert content(tmp_path / "run") == before
    data.write_text('{"no": "data"}')
    with pytest.raises(ConfigurationError):
        train(config, tmp_path / "run", force=True)
    assert content(tmp_path / "run") == before


@pytest.mark.parametrize("recover", [False, True])
def test_what_a_killed_start_has_left_is_no_obstacle(config, tmp_path, recover):
    config["trainer"]["num_epochs"] = 1
    directory = tmp_path / "run"
    (directory / "vocabulary").mkdir(parents=True)
    (directory / ".unfinished_run.json").write_text("{")
    (directory / "config.json").write_text("{}")
    (directory / ".starting").write_text("")
    (directory / "mine.txt").write_text("a note")
    train(config, directory, recover=recover)
    assert (directory / "mine.txt").exists()
    assert not list(directory.glob(".*"))
