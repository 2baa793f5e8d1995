"""Trainings with a frozen transformer, with and without kept features."""

import json
import math
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from two_processes import run_two

from causal_mtl import train
from causal_mtl.commands import main
from causal_mtl.common import Params
from causal_mtl.nn.token_embedders import PretrainedTransformerEmbedder
from causal_mtl.training import Trainer
from causal_mtl.training.experiment import Experiment
from causal_mtl.training.frozen_cache.files import entries
from causal_mtl.training.frozen_cache.use import fixed_features


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setenv("CAUSAL_MTL_CACHE", str(tmp_path / "features"))
    return tmp_path / "features"


@pytest.fixture
def bert_config(config, tiny_transformer):
    bert = {"type": "pretrained_transformer", "model_name": str(tiny_transformer)}
    config["dataset_reader"]["token_indexers"] = {"bert": bert}
    config["model"]["embedder"] = {"bert": {**bert, "layers": "all", "dropout": 0.1}}
    config["trainer"]["validation_metric"] = "-loss"
    return config


def without(config):
    return Params(config).with_overrides({"model.embedder.bert.cache": False}).as_dict(quiet=True)


def losses(run):
    lines = [json.loads(line) for line in (run.directory / "metrics.jsonl").read_text().splitlines()]
    return [line[name] for line in lines for name in ("training_loss", "validation_loss")]


def weights(run):
    (file,) = sorted((run.directory / "checkpoints").glob("*/model.safetensors"))[-1:]
    return load_file(file)


def same(one, two):
    return losses(one) == losses(two) and all(
        torch.equal(a, weights(two)[n]) for n, a in weights(one).items()
    )


def test_a_training_reads_what_an_earlier_one_wrote(bert_config, directory, tmp_path, monkeypatch):
    plain = train(without(bert_config), tmp_path / "plain")
    assert not entries(directory)
    first = train(bert_config, tmp_path / "first")
    assert len(entries(directory)) == 2  # training and validation data
    monkeypatch.setattr(
        "causal_mtl.training.frozen_cache.features.computed", lambda *args: pytest.fail("anew")
    )
    later = train(bert_config, tmp_path / "later")
    assert same(first, later)
    assert losses(first) == pytest.approx(losses(plain), rel=1e-3)
    assert losses(first) != losses(plain)


def test_recovered_as_if_uninterrupted(bert_config, directory, tmp_path, monkeypatch):
    whole = train(bert_config, tmp_path / "whole")
    validate, epochs = Trainer._validate, []

    def stop_in_the_second_epoch(trainer, run):
        epochs.append(run.state.epoch)
        if epochs == [1, 2]:
            raise RuntimeError("stop here")
        return validate(trainer, run)

    monkeypatch.setattr(Trainer, "_validate", stop_in_the_second_epoch)
    with pytest.raises(RuntimeError, match="stop here"):
        train(bert_config, tmp_path / "part")
    recovered = train(bert_config, tmp_path / "part", recover=True)
    assert epochs == [1, 2, 2]
    assert same(whole, recovered)


def test_single_task_shares_the_features(bert_config, directory, tmp_path):
    encoder = bert_config["model"]["encoder"]
    bert_config["model"] |= {"type": "cmtl", "architecture": {"type": "single_task"}, "encoder": encoder}
    plain = train(without(bert_config), tmp_path / "plain")
    kept = train(bert_config, tmp_path / "kept")
    assert len(entries(directory)) == 2
    assert losses(kept) == pytest.approx(losses(plain), rel=1e-3)


def test_initial_weights(bert_config, directory, tmp_path):
    start = train(bert_config, tmp_path / "start")
    bert_config["initial_weights"] = str(start.archive)
    bert_config.pop("vocabulary", None)
    plain = train(without(bert_config), tmp_path / "plain")
    kept = train(bert_config, tmp_path / "kept")
    assert len(entries(directory)) == 2
    assert losses(kept) == pytest.approx(losses(plain), rel=1e-3)


def test_mixed_precision(bert_config, directory, tmp_path, needs_bf16):
    bert_config["trainer"]["mixed_precision"] = "bf16"
    plain = train(without(bert_config), tmp_path / "plain")
    kept = train(bert_config, tmp_path / "kept")
    assert losses(kept) == pytest.approx(losses(plain), rel=0.03)
    bert_config["trainer"]["mixed_precision"] = "no"
    train(bert_config, tmp_path / "other")
    assert len(entries(directory)) == 2  # features do not depend on the precision of the rest


def test_a_dry_run_writes_nothing(bert_config, directory, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(bert_config))
    assert main(["train", str(path), "-s", str(tmp_path / "run"), "--dry-run"]) == 0
    assert not directory.exists()


def test_evaluate_and_find_lr_read_but_do_not_write(bert_config, directory, tmp_path, monkeypatch, capsys):
    run = train(bert_config, tmp_path / "run")
    before = {path.name: path.stat().st_size for path in directory.iterdir()}
    dev, asked = bert_config["validation_data_path"], []
    original = PretrainedTransformerEmbedder._run
    monkeypatch.setattr(
        PretrainedTransformerEmbedder, "_run", lambda *args: asked.append(1) or original(*args)
    )
    capsys.readouterr()
    assert main(["evaluate", str(run.archive), dev]) == 0
    assert not asked  # the archive's transformer has the key of the published one
    metrics = json.loads((run.directory / "metrics.json").read_text())
    assert json.loads(capsys.readouterr().out)["loss"] == pytest.approx(metrics["validation_loss"])
    path = tmp_path / "config.json"
    path.write_text(json.dumps(bert_config))
    assert main(["find-lr", str(path), "--num-steps", "3"]) == 0
    assert not asked
    other = tmp_path / "other.json"
    other.write_text(json.dumps(json.loads(Path(dev).read_text())[:5]))
    assert main(["evaluate", str(run.archive), str(other)]) == 0
    assert asked
    assert {path.name for path in directory.iterdir()} == set(before)


def test_a_cache_for_a_tuned_transformer_is_an_error(bert_config):
    bert_config["model"]["embedder"]["bert"] |= {"trainable": True, "cache": True}
    with pytest.raises(Exception, match=r"model\.embedder\.bert\.cache: has no effect"):
        Experiment(Params(bert_config))


def test_other_embedders_have_no_fixed_features(config):
    experiment = Experiment(Params(config))
    assert not fixed_features(experiment.model(experiment.vocabulary()))


def test_two_processes_read_one_file(bert_config, directory, tmp_path):
    """As torchrun starts them."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(bert_config))
    command = [sys.executable, "-m", "causal_mtl", "train", str(path), "-s", str(tmp_path / "two")]
    errors = run_two(command, timeout=300)
    assert sum(error.count("computed in") for error in errors) == 2  # training and validation data
    assert {path.suffix for path in directory.iterdir()} == {".npy", ".json"}
    assert math.isfinite(json.loads((tmp_path / "two/metrics.json").read_text())["validation_loss"])
