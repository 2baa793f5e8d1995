"""Two processes on the CPU train as one does."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from training_fakes import FakeLoader, FakeModel

from causal_mtl.common import Params
from causal_mtl.training import Batching, Trainer

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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
    }
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(HERE), str(directory)],
            env=os.environ | common | {"RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors


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
