"""Trained models with a transformer: what their archives hold, and that these stand alone."""

import json
import shutil
import socket
import tarfile

import pytest
import torch
from safetensors.torch import load_file, save_file

from causal_mtl import load, train
from causal_mtl.archive import load_archive
from causal_mtl.common import ConfigurationError

FOLDER = "model.embedder.bert"


@pytest.fixture
def bert_config(config, new_tiny_transformer, tmp_path):
    folder = str(new_tiny_transformer(tmp_path / "bert"))
    config["dataset_reader"]["token_indexers"] = {
        "bert": {"type": "pretrained_transformer", "model_name": folder}
    }
    config["model"]["embedder"] = {
        "bert": {"type": "pretrained_transformer", "model_name": folder, "layers": "all"}
    }
    config["trainer"]["num_epochs"] = 1
    return config


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network is asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def members(archive):
    with tarfile.open(archive) as tar:
        return {member.name: member.size for member in tar}


@pytest.mark.parametrize("trainable", [False, True])
def test_an_archive_stands_alone(trainable, bert_config, tmp_path, unpack, no_network):
    bert_config["model"]["embedder"]["bert"]["trainable"] = trainable
    run = train(bert_config, tmp_path / "run")
    before = load(run.archive).predict("Ann was born in Rome .")
    shutil.rmtree(tmp_path / "bert")
    shutil.rmtree(run.directory / "files")
    after = load(run.archive).predict("Ann was born in Rome .")
    assert before == after
    names = members(run.archive)
    assert {"tokenizer.json", "tokenizer_config.json"} <= {
        name.rpartition("/")[2] for name in names if "token_indexers.bert" in name
    }
    assert f"files/{FOLDER}/config.json" in names
    assert (f"files/{FOLDER}/model.safetensors" in names) == (not trainable)
    kept = [*run.directory.glob("checkpoints/*/*.safetensors")]
    unpack(run.archive, tmp_path / "unpacked")
    for file in [*kept, tmp_path / "unpacked/weights.safetensors"]:
        if "state" not in file.name:
            assert any(".transformer." in name for name in load_file(file)) == trainable


def test_archives_of_many_frozen_layers_can_be_loaded(bert_config, new_tiny_transformer, tmp_path):
    small = {"num_hidden_layers": 24, "hidden_size": 8, "intermediate_size": 4}
    for name in ("bert", "other"):
        folder = str(new_tiny_transformer(tmp_path / f"large_{name}", **small))
        part = {"type": "pretrained_transformer", "model_name": folder}
        bert_config["dataset_reader"]["token_indexers"][name] = part
        bert_config["model"]["embedder"][name] = part
    run = train(bert_config, tmp_path / "run")
    load(run.archive).predict("Ann was born in Rome .")


def test_settings_that_all_models_share_are_not_kept(bert_config, tmp_path, unpack):
    """Another version of transformers need not have them."""
    from transformers import BertConfig, PretrainedConfig

    unpack(train(bert_config, tmp_path / "run").archive, tmp_path / "unpacked")
    kept = json.loads((tmp_path / "unpacked/files" / FOLDER / "config.json").read_text())
    default, common = BertConfig().to_dict(), PretrainedConfig().to_dict()
    shared = {key for key, value in common.items() if value == default.get(key)}
    assert shared & kept.keys() == set()
    assert {"hidden_size", "hidden_act", "pad_token_id", "layer_norm_eps"} <= kept.keys()
    change(tmp_path / "bert/config.json", chunk_size_feed_forward=2)
    unpack(train(bert_config, tmp_path / "other").archive, tmp_path / "changed")
    kept = json.loads((tmp_path / "changed/files" / FOLDER / "config.json").read_text())
    assert kept["chunk_size_feed_forward"] == 2


def test_single_task_has_one_frozen_transformer(bert_config, tmp_path):
    bert_config["model"] |= {"type": "cmtl", "architecture": {"type": "single_task"}}
    encoder = bert_config["model"].pop("encoder")
    bert_config["model"]["encoder"] = encoder
    run = train(bert_config, tmp_path / "run")
    model = load(run.archive).archive.model
    embedders = [part for part in model.modules() if type(part).__name__ == "PretrainedTransformerEmbedder"]
    assert len(embedders) == 2
    assert len({id(embedder._frozen.module) for embedder in embedders}) == 1
    assert sum(name.endswith("model.safetensors") for name in members(run.archive)) == 1


def unpacked(run, tmp_path, unpack):
    unpack(run.archive, tmp_path / "unpacked")
    (tmp_path / "unpacked/manifest.json").unlink()
    return tmp_path / "unpacked"


@pytest.fixture
def frozen(bert_config, tmp_path, unpack):
    return unpacked(train(bert_config, tmp_path / "run"), tmp_path, unpack)


def change(file, **values):
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def test_damage_is_found(bert_config, tmp_path, unpack):
    run = train(bert_config, tmp_path / "run")
    unpack(run.archive, tmp_path / "unpacked")
    change(tmp_path / f"unpacked/files/{FOLDER}/config.json", layer_norm_eps=1e-3)
    with pytest.raises(ConfigurationError, match=f"files/{FOLDER}/config.json: .*where manifest.json says"):
        load_archive(tmp_path / "unpacked")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"auto_map": {"AutoModel": "evil.Evil"}}, "unknown keys: auto_map"),
        ({"attn_implementation": "somebody/kernels"}, "unknown keys: attn_implementation"),
        ({"quantization_config": {"quant_method": "gptq"}}, "unknown keys: quantization_config"),
        ({"model_type": "evil"}, "'evil' is no encoder of text"),
        ({"model_type": "gpt2"}, "'gpt2' is no encoder of text"),
        ({"model_type": ["bert"]}, "is no encoder of text"),
        ({"hidden_size": 10**9}, "hidden_size: 1000000000 is larger than in any model"),
        ({"hidden_size": 3_200_000}, "model.safetensors of the transformer: not those of its config.json"),
        ({"num_hidden_layers": 3}, "layer.2.*is missing"),
        ({"num_hidden_layers": 1}, "layer.1.*has no place in it"),
        ({"num_hidden_layers": 1_000_000}, "far fewer weights than the config asks for"),
        ({"hidden_act": "os.system"}, "no model can be built"),
        ({"hidden_size": "16"}, "no model can be built"),
    ],
)
def test_a_hostile_configuration(values, message, frozen):
    change(frozen / f"files/{FOLDER}/config.json", **values)
    with pytest.raises(ConfigurationError, match=message):
        load_archive(frozen)


def test_hostile_weights(frozen):
    file = frozen / f"files/{FOLDER}/model.safetensors"
    weights = load_file(file)
    name = "embeddings.LayerNorm.weight"
    for changed, message in [
        (
            torch.full_like(weights[name], float("nan")),
            "of the transformer: not finite: embeddings.LayerNorm.weight",
        ),
        (weights[name].half(), "embeddings.LayerNorm.weight is of type float16"),
        (weights[name][:8].clone(), "embeddings.LayerNorm.weight is 8 instead of 16"),
    ]:
        save_file({**weights, name: changed}, file)
        with pytest.raises(ConfigurationError, match=message):
            load_archive(frozen)
    file.write_bytes(b"\x80\x04pickle")
    with pytest.raises(ConfigurationError, match=r"model.safetensors: damaged"):
        load_archive(frozen)
    file.rename(file.with_name("pytorch_model.bin"))
    with pytest.raises(ConfigurationError, match=r"the archive has no model.safetensors"):
        load_archive(frozen)


@pytest.mark.parametrize("trainable", [False, True])
def test_a_warm_start(trainable, bert_config, tmp_path):
    bert_config["model"]["embedder"]["bert"]["trainable"] = trainable
    first = train(bert_config, tmp_path / "first")
    bert_config |= {"initial_weights": str(first.archive)}
    bert_config["trainer"] |= {"num_epochs": 1, "optimizer": {"type": "sgd", "lr": 1e-12}}
    second = train(bert_config, tmp_path / "second")
    before, after = (load_archive(run.archive).model.state_dict() for run in (first, second))
    assert any(".transformer." in name for name in before) == trainable
    for name, value in before.items():
        torch.testing.assert_close(after[name], value)


def test_the_folder_is_hashed_and_compared(bert_config, tmp_path):
    run = train(bert_config, tmp_path / "run")
    note = json.loads((run.directory / "run.json").read_text())
    assert len(note["data_sha256"][str(tmp_path / "bert")]) == 64
    assert note["pretrained"] == {}
    change(tmp_path / "bert/config.json", layer_norm_eps=1e-3)
    bert_config["trainer"]["num_epochs"] = 2
    with pytest.raises(ConfigurationError, match="bert: its content is not what it was"):
        train(bert_config, run.directory, recover=True)


def test_mistakes_are_found_before_data_is_read(bert_config, tmp_path):
    from causal_mtl.common import Params
    from causal_mtl.training.checks import check

    def lines():
        with pytest.raises(ConfigurationError) as error:
            check(Params(bert_config))
        return str(error.value).splitlines()

    embedder = bert_config["model"]["embedder"]["bert"]
    embedder["layers"] = [3]
    assert any("model.embedder.bert.layers: expected different numbers from 0" in line for line in lines())
    embedder |= {"layers": "all", "model_name": str(tmp_path)}
    assert any("model.embedder.bert.model_name: the transformer" in line for line in lines())
    old = shutil.copytree(tmp_path / "bert", tmp_path / "old")
    (old / "model.safetensors").rename(old / "pytorch_model.bin")
    embedder["model_name"] = str(old)
    assert any("model.embedder.bert.model_name: there is no model.safetensors" in line for line in lines())
    embedder["model_name"] = str(tmp_path / "nowhere")
    assert any("model.embedder.bert.model_name: there is no folder" in line for line in lines())
    other = shutil.copytree(tmp_path / "bert", tmp_path / "other")
    embedder["model_name"] = str(other)
    assert any("model.embedder.bert.model_name: is" in line and "token_indexers" in line for line in lines())
