"""Two processes on the CPU train as one does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
import torch
from safetensors.torch import load_file
from training_fakes import FakeLoader, FakeModel
from two_processes import free_port, run_two

from causal_mtl import train as train_experiment
from causal_mtl.archive import load_archive
from causal_mtl.common import ConfigurationError, Params
from causal_mtl.training import Batching, Engine, Trainer

HERE = Path(__file__).parent
WORKER = """
import os, sys, torch
sys.path.insert(0, sys.argv[1])
from test_processes import train
train(sys.argv[2], accumulation=1, epochs=2)
_, result = train(sys.argv[2], accumulation=1, epochs=3, recover=True)
with open(f"{sys.argv[2]}/result_{os.environ['RANK']}", "w") as file:
    print(result["best_validation_colour/accuracy"], file=file)
torch.distributed.destroy_process_group()
"""


def train(directory, *, accumulation, recover=False, epochs=3):
    trainer = Trainer.from_params(
        Params(
            {
                "device": "cpu",
                "num_epochs": epochs,
                "optimizer": {"type": "adam", "lr": 0.02},
                "validation_metric": "+colour/accuracy",
                "moving_average": "exponential",
                "grad_norm": 0.5,
                "gradient_accumulation_steps": accumulation,
                "keep_checkpoints": 9,
            }
        )
    )
    model, directory = FakeModel(), Path(directory)
    # 9 batches: in the last step the second process has none
    loader, dev = FakeLoader(36), FakeLoader(21, seed=9)
    result = trainer.train(
        model, loader, dev, directory, batching=Batching(batch_size=4), recover=recover, seed=5
    )
    return model, result


def launch(directory):
    run_two([sys.executable, "-c", WORKER, str(HERE), str(directory)])


def test_two_processes_equal_one_with_twice_the_accumulation(tmp_path):
    launch(tmp_path / "two")
    _, result = train(tmp_path / "one", accumulation=2)
    one = load_file(tmp_path / "one" / "checkpoints" / "epoch_3" / "model.safetensors")
    two = load_file(tmp_path / "two" / "checkpoints" / "epoch_3" / "model.safetensors")
    for name, weight in one.items():
        torch.testing.assert_close(two[name], weight)
    accuracies = {(tmp_path / "two" / f"result_{rank}").read_text() for rank in range(2)}
    assert accuracies == {f"{result['best_validation_colour/accuracy']}\n"}
    assert len((tmp_path / "two" / "metrics.jsonl").read_text().splitlines()) == 3


CPU_ONLY = {
    name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")
}
CPU_ONLY |= {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}


def command_line(directory, config_file, *launcher, include=(), **overrides):
    command = [sys.executable, *launcher, "-m", "causal_mtl", "train", str(config_file), "-s", str(directory)]
    command += [word for name in include for word in ("--include-package", name)]
    command += ["-o", json.dumps({"trainer.device": "auto", "dataset_reader.max_instances": 30, **overrides})]
    env = CPU_ONLY | {"PYTHONPATH": str(config_file.parent)}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=600)


def test_torchrun_without_a_gpu_trains_one_model(tmp_path, config_file):
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    done = command_line(tmp_path / "two", config_file, *torchrun)
    assert done.returncode == 0, done.stderr
    done = command_line(tmp_path / "one", config_file, **{"trainer.gradient_accumulation_steps": 2})
    assert done.returncode == 0, done.stderr
    machine = json.loads((tmp_path / "two" / "run.json").read_text())["machine"]
    assert {name: machine[name] for name in ("device", "processes", "threads")} == {
        "device": "cpu",
        "processes": 2,
        "threads": 1,
    }
    one, two = (load_archive(tmp_path / name).model.state_dict() for name in ("one", "two"))
    for name, weight in one.items():
        torch.testing.assert_close(two[name], weight)
    one, two = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("one", "two"))
    assert two["training_steps"] == one["training_steps"]
    assert two["validation_loss"] == pytest.approx(one["validation_loss"], rel=1e-4)


CMTL = {
    "type": "cmtl",
    "architecture": {"type": "hierarchical"},
    "label_transfer": {"type": "lstm", "label_dim": 4},
    "label_sampler": "argmax",
}
PMEI = {"type": "pmei", "stochastic_map": {"type": "gru"}, "alpha": 0.1, "beta": 0.001}


def torchrun():
    return ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def accelerate_launch():
    """Where there is no GPU, too, `--multi_gpu` is what makes it start several processes."""
    quiet = ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    return [*launch, *quiet, "--main_process_port", free_port()]


@pytest.mark.parametrize(
    ("launcher", "model"),
    [(torchrun, CMTL), (torchrun, PMEI), (accelerate_launch, {"type": "mtl"})],
    ids=["torchrun-cmtl", "torchrun-pmei", "accelerate-mtl"],
)
def test_weights_after_some_steps_are_those_of_one_process(
    tmp_path, config, config_file, monkeypatch, launcher, model
):
    # Each process draws noise of its own; with the same everywhere, its gradients are compared too.
    (tmp_path / "same_noise.py").write_text("import torch\ntorch.randn_like = torch.ones_like\n")
    monkeypatch.setattr(torch, "randn_like", torch.ones_like)
    config = {**config, "model": {**config["model"], **model}}
    config_file.write_text(json.dumps(config))
    # 7 batches in each of 2 epochs: in the last step of an epoch the second process has none
    overrides = {"dataset_reader.max_instances": 56, "data_loader.batch_size": 8}
    done = command_line(tmp_path / "two", config_file, *launcher(), include=["same_noise"], **overrides)
    assert done.returncode == 0, done.stderr
    one_process = {**overrides, "trainer.gradient_accumulation_steps": 2}
    train_experiment(config, tmp_path / "one", overrides=one_process)
    note = json.loads((tmp_path / "two" / "run.json").read_text())
    assert note["machine"]["processes"] == 2
    metrics = [json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("one", "two")]
    assert metrics[0]["training_steps"] == metrics[1]["training_steps"] == 8
    one, two = (load_archive(tmp_path / name).model.state_dict() for name in ("one", "two"))
    torch.testing.assert_close(two, one, rtol=1e-5, atol=1e-6)


def test_accelerate_launch_on_cpus_says_that_it_started_one_process(tmp_path, config_file):
    launch = ["-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2"]
    done = command_line(tmp_path / "one", config_file, *launch)
    assert done.returncode == 0, done.stderr
    assert "this is the only process" in done.stderr
    assert json.loads((tmp_path / "one" / "run.json").read_text())["machine"]["processes"] == 1


@pytest.mark.parametrize("environment", [{}, {"RANK": "0"}, {"RANK": "0", "MASTER_ADDR": "127.0.0.1"}])
def test_a_process_that_cannot_find_the_others_is_refused(monkeypatch, environment):
    with mock.patch.dict(os.environ, {**CPU_ONLY, **environment, "WORLD_SIZE": "2"}, clear=True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.distributed, "init_process_group", no_network)
        with pytest.raises(
            ConfigurationError, match="WORLD_SIZE is 2, but the other processes cannot be reached"
        ):
            Engine()
    monkeypatch.undo()
    with mock.patch.dict(os.environ, CPU_ONLY, clear=True):
        assert Engine("cpu").world_size == 1


def no_network(*_, **__):
    raise RuntimeError("The client socket has timed out")
