import json
import os
from pathlib import Path

import pytest
import torch

from causal_mtl import load, train
from causal_mtl.archive import load_archive
from causal_mtl.common import ConfigurationError, Params
from causal_mtl.data import Vocabulary
from causal_mtl.training.callbacks import Callback
from causal_mtl.training.config_file import read_config
from causal_mtl.training.experiment import Experiment


def weights(directory):
    return load_archive(directory).model.state_dict()


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_what_a_training_leaves(trained):
    names = {path.name for path in trained.iterdir()}
    assert names == {
        "checkpoints",
        "config.json",
        "metrics.json",
        "metrics.jsonl",
        "model.tar.gz",
        "run.json",
        "train.log",
        "vocabulary",
    }
    metrics = json.loads((trained / "metrics.json").read_text())
    lines = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == metrics["training_epochs"] == 8
    best = lines[metrics["best_epoch"] - 1]
    for name in ("validation_entities/f1", "validation_relations/exact_f1"):
        assert metrics[name] == best[name]
    assert metrics["validation_entities/f1"] > 0.5
    assert metrics["num_parameters"] == metrics["num_trainable_parameters"] > 0
    assert metrics["duration"] > 0
    note = json.loads((trained / "run.json").read_text())
    assert len(note["data_sha256"]) == 2
    assert note["seed"] == 13370
    assert note["machine"]["mixed_precision"] == "no"
    assert note["machine"]["threads"] == torch.get_num_threads()


def test_the_saved_vocabulary_is_that_of_the_archive(trained):
    assert Vocabulary.from_files(trained / "vocabulary") == load_archive(trained).vocab


def test_one_seed_fixes_everything(config, tmp_path):
    runs = [train(config, tmp_path / name) for name in ("a", "b")]
    other = train(config, tmp_path / "c", overrides={"random_seed": 1})
    one, two, three = (weights(run.directory) for run in [*runs, other])
    assert same(one, two)
    assert not same(one, three)


@Callback.register("stop_at_step", exist_ok=True)
class StopAtStep(Callback):
    """Breaks off once, where a file says so."""

    def __init__(self, step: int, marker: str) -> None:
        self.step, self.marker = step, Path(marker)

    def on_step(self, state):
        if state.step == self.step and not self.marker.exists():
            self.marker.touch()
            raise KeyboardInterrupt


@pytest.mark.parametrize("step", [3, 9])
def test_a_recovered_training_is_one_that_was_not_stopped(config, tmp_path, step, capsys):
    config["model"]["encoder_dropout"] = 0.2
    marker = tmp_path / "marker"
    config["trainer"]["callbacks"] = [{"type": "stop_at_step", "step": step, "marker": str(marker)}]
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "stopped")
    assert marker.exists()
    with pytest.raises(ConfigurationError, match="--recover"):
        load(tmp_path / "stopped")
    with pytest.raises(ConfigurationError, match="not empty"):
        train(config, tmp_path / "stopped")
    run = train(config, tmp_path / "stopped", recover=True)
    whole = train(config, tmp_path / "whole")
    assert same(weights(run.directory), weights(whole.directory))
    for name in ("best_epoch", "validation_loss", "training_loss", "training_steps"):
        assert run.metrics[name] == whole.metrics[name]
    again = train(config, tmp_path / "stopped", recover=True)  # a finished one
    assert again.metrics["validation_loss"] == whole.metrics["validation_loss"]
    assert len(json.loads((tmp_path / "stopped" / "run.json").read_text())["recovered"]) == 2


def test_the_order_of_keys_means_nothing(config, tmp_path):
    config["model"]["embedder"] = dict(sorted(config["model"]["embedder"].items(), reverse=True))
    one = train(config, tmp_path / "a")
    config["model"]["embedder"] = dict(sorted(config["model"]["embedder"].items()))
    two = train(config, tmp_path / "b")
    assert same(weights(one.directory), weights(two.directory))


def test_recover_with_another_config(config, tmp_path):
    train(config, tmp_path / "run", overrides={"trainer.num_epochs": 1})
    with pytest.raises(ConfigurationError, match=r"trainer\.optimizer\.lr: 0\.02 there, 0\.1 now"):
        train(config, tmp_path / "run", recover=True, overrides={"trainer.optimizer.lr": 0.1})


def test_a_bad_config_touches_nothing(config, tmp_path):
    train(config, tmp_path / "run", overrides={"trainer.num_epochs": 0})
    with pytest.raises(ConfigurationError, match="num_epoch"):
        train(config, tmp_path / "run", overrides={"trainer.num_epoch": 1}, force=True)
    assert (tmp_path / "run" / "model.tar.gz").exists()


def test_no_epochs(config, tmp_path):
    run = train(config, tmp_path / "run", overrides={"trainer.num_epochs": 0})
    assert run.metrics["training_epochs"] == 0
    assert load(run.archive).predict("Ann lives in Rome.")["annotations"].keys() == {"entities", "relations"}


def test_test_data_is_only_read_when_asked_for(config, tmp_path):
    config["test_data_path"] = config["validation_data_path"]
    config["trainer"]["num_epochs"] = 1
    run = train(config, tmp_path / "a")
    assert not any(name.startswith("test_") for name in run.metrics)
    run = train(config, tmp_path / "b", overrides={"evaluate_on_test": True})
    assert run.metrics["test_loss"] == pytest.approx(run.metrics["validation_loss"])


def test_without_validation_data(config, tmp_path):
    del config["validation_data_path"]
    del config["trainer"]["validation_metric"]
    run = train(config, tmp_path / "run")
    assert not any(name.startswith("validation_") for name in run.metrics)
    assert run.metrics["best_epoch"] == 2


def test_words_of_other_data_can_be_counted(config):
    alone = Experiment(Params(config)).vocabulary().get_vocab_size("tokens")
    config["datasets_for_vocab_creation"] = ["train", "validation"]
    both = Experiment(Params(config)).vocabulary().get_vocab_size("tokens")
    assert both > alone
    config["test_data_path"] = config["validation_data_path"]
    config["datasets_for_vocab_creation"] = ["train", "test"]
    assert Experiment(Params(config)).vocabulary().get_vocab_size("tokens") == both


def test_shares_of_the_training_data_are_nested(config):
    def texts(share, split="train"):
        experiment = Experiment(Params({**config, "train_share": share, "random_seed": int(share * 100)}))
        return {(one.metadata["id"], one.text) for one in experiment.instances[split]}

    few, some, all_ = texts(0.3), texts(0.6), texts(1.0)
    assert few < some < all_
    assert abs(len(some) - 0.6 * len(all_)) < 0.2 * len(all_)
    assert texts(0.3, "validation") == texts(1.0, "validation")


def test_a_share_that_leaves_nothing(config):
    with pytest.raises(ConfigurationError, match=r"train_share: 1e-09 leaves none of [0-9]+ records"):
        _ = Experiment(Params({**config, "train_share": 1e-9})).instances


def test_a_bootstrap_sample_of_the_training_data(config):
    def made(seed, **changes):
        experiment = Experiment(Params({**config, "train_bootstrap": True, "random_seed": seed, **changes}))
        vocab = experiment.vocabulary()
        ids = {
            split: [one.metadata["id"] for one in experiment.loader(split, vocab).instances]
            for split in ("train", "validation")
        }
        return ids, vocab

    (one, vocab), (again, _), (other, other_vocab) = made(1), made(1), made(2)
    (plain, _) = made(1, train_bootstrap=False)
    assert one == again
    assert one["train"] != other["train"]
    assert vocab == other_vocab
    assert one["validation"] == other["validation"] == plain["validation"]
    assert len(one["train"]) == len(plain["train"])
    assert len(set(one["train"])) < len(plain["train"])
    assert set(one["train"]) <= set(plain["train"])


def test_a_vocabulary_from_files(config, trained, tmp_path):
    config["vocabulary"] = {"type": "from_files", "directory": str(trained / "vocabulary")}
    assert Experiment(Params(config)).vocabulary() == Vocabulary.from_files(trained / "vocabulary")


def test_warnings_go_to_the_log(config, tmp_path):
    config["trainer"]["num_epochs"] = 0
    config["dataset_reader"]["max_instances"] = 2
    train(config, tmp_path / "run", overrides={"validation_data_path": config["train_data_path"]})
    data = json.loads(Path(config["train_data_path"]).read_text())[:2]
    data[0]["triple_list"].append(["Nobody", "knows", "Noone"])
    (tmp_path / "data.json").write_text(json.dumps(data))
    train(config, tmp_path / "other", overrides={"validation_data_path": str(tmp_path / "data.json")})
    log = (tmp_path / "other" / "train.log").read_text()
    assert "labels that training never shows: knows" in log
    assert "relations could not be placed in the text" in log


def test_dry_run_writes_nothing(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    vocab, model = Experiment(Params(config)).dry_run()
    assert vocab.get_vocab_size("relations_labels") == model.heads["relations"].scorer.output.out_features
    assert not os.listdir(tmp_path)


def test_the_default_directory(config_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    overrides = '{"trainer.num_epochs": 0}'
    assert train(config_file, overrides=overrides).directory == Path("runs/config")
    assert train(str(config_file), overrides=overrides).directory == Path("runs/config-2")
    assert train(Params(json.loads(config_file.read_text())), overrides=overrides).directory == Path(
        "runs/training"
    )


def test_the_data_root(tmp_path, monkeypatch):
    config = tmp_path / "work" / "config.jsonnet"
    config.parent.mkdir()
    config.write_text("{ path: std.extVar('CAUSAL_MTL_DATA') }")
    monkeypatch.chdir(config.parent)
    monkeypatch.delenv("CAUSAL_MTL_DATA", raising=False)
    with pytest.raises(ConfigurationError, match="CAUSAL_MTL_DATA"):
        read_config(config)
    (tmp_path / "shared" / "data").mkdir(parents=True)
    assert read_config(config)["path"] == "../shared/data"
    monkeypatch.setenv("CAUSAL_MTL_DATA", "/data")
    assert read_config(config)["path"] == "/data"
    with pytest.raises(ConfigurationError, match="nowhere"):
        read_config(tmp_path / "nowhere.jsonnet")


def test_a_part_of_a_loss_that_the_model_lacks_is_found_before_training(config, tmp_path):
    for model, metric, there in (
        ("mtl", "-relations/kl", False),
        ("pmei", "-relations/kl", True),
        ("pmei", "-relations/early", True),
    ):
        config["model"]["type"] = model
        config["trainer"]["validation_metric"] = metric
        experiment = Experiment(Params(json.loads(json.dumps(config))))
        if there:
            experiment.dry_run()
            continue
        with pytest.raises(ConfigurationError, match=f'no metric is called "{metric[1:]}"'):
            experiment.dry_run()
