"""The installed command, from a config to labelled text and back."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMAND = shutil.which("causal-mtl", path=str(Path(sys.executable).parent))
pytestmark = pytest.mark.skipif(COMMAND is None, reason="the package is not installed")


def causal_mtl(*arguments, check=True, **options):
    command = [COMMAND, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, **options)
    assert not check or done.returncode == 0, done.stderr
    return done


def test_train_evaluate_predict_and_back(tmp_path):
    overrides = json.dumps({
        "dataset_reader.max_instances": 150,
        "trainer.num_epochs": 8,
        "trainer.optimizer.lr": 0.01,
        "trainer.lr_scheduler": None,
    })  # fmt: skip
    directory, predicted = tmp_path / "run", tmp_path / "predicted.jsonl"
    causal_mtl("train", "training_config/quickstart.jsonnet", "-s", directory, "-o", overrides)
    scores = json.loads(causal_mtl("evaluate", directory, "fixtures/triples/dev.json").stdout)
    assert scores["entities/f1"] > 0.6

    causal_mtl("predict", directory, "fixtures/quickstart_sentences.jsonl", "--output-file", predicted)
    given = [
        json.loads(line) for line in (ROOT / "fixtures/quickstart_sentences.jsonl").read_text().splitlines()
    ]
    found = [json.loads(line) for line in predicted.read_text().splitlines()]
    assert [record["text"] for record in found] == [record["text"] for record in given]

    # What the model wrote is gold that it agrees with completely.
    characters = {"type": "characters", "min_padding_length": 3, "max_length": 30}
    indexers = {"tokens": "single_id", "characters": characters}
    reader = json.dumps({"validation_dataset_reader": {"type": "jsonl", "token_indexers": indexers}})
    scores = json.loads(causal_mtl("evaluate", directory, predicted, "-o", reader).stdout)
    assert scores["entities/f1"] == 1.0
    assert scores["relations/exact_f1"] in (0.0, 1.0)  # 0: none were found at all


def test_interrupted_and_recovered(tmp_path):
    directory = tmp_path / "run"
    overrides = json.dumps({"dataset_reader.max_instances": 40, "trainer.num_epochs": 300})
    arguments = ["train", "training_config/quickstart.jsonnet", "-s", str(directory), "-o", overrides]
    process = subprocess.Popen(
        [COMMAND, *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # Run in the background by a shell, these tests inherit an ignored SIGINT, and so would the command.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    for _ in range(12000):
        if list(directory.glob("checkpoints/epoch_*")):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 130
    assert "--recover" in errors
    assert "Traceback" not in errors
    again = causal_mtl(*arguments, check=False)
    assert again.returncode == 2
    assert "--recover" in again.stderr
    changed = causal_mtl(*arguments[:-1], overrides.replace("300", "3"), "-r", check=False)
    assert changed.returncode == 2
    assert "trainer.num_epochs: 300 there, 3 now" in changed.stderr


def test_the_quickstart_is_a_short_overlay():
    for path in (ROOT / "training_config").rglob("*.jsonnet"):
        lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("//")]
        assert len(lines) <= 40, path


def test_a_base_alone_says_what_it_lacks(tmp_path):
    done = causal_mtl("train", "training_config/base/mtl.libsonnet", "-s", tmp_path / "run", check=False)
    assert done.returncode == 2
    assert "Must override `train_data_path`" in done.stderr
