"""``causal-mtl sweep``: what it takes and prints, with pretended trainings, and once in earnest."""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from causal_mtl.analysis.sweep import processes
from causal_mtl.commands import main
from causal_mtl.commands.sweep import axis
from causal_mtl.training.config_file import read_config
from causal_mtl.training.experiment import Experiment
from causal_mtl.training.run_directory import prepare

ROOT = Path(__file__).parents[2]
COMMAND = shutil.which("causal-mtl", path=str(Path(sys.executable).parent))

PRETEND = """
import os, sys
from pathlib import Path
print("threads", os.environ["OMP_NUM_THREADS"])
if sys.argv[1].endswith("-2") and "--recover" not in sys.argv:
    sys.exit("out of luck")
Path(sys.argv[1], "model.tar.gz").touch()
Path(sys.argv[1], "metrics.json").write_text('{"validation_entities/f1": 0.5}')
"""


@pytest.fixture
def pretend(monkeypatch):
    """Trainings that finish at once, but that of seed 2 fails the first time."""
    start = processes.start

    def pretended(command, *rest):
        assert command[:4] == (sys.executable, "-m", "causal_mtl", "train")
        config, directory, overrides = command[4:9:2]
        prepare(
            Path(directory), Experiment(read_config(config, overrides)).config, recover="--recover" in command
        )
        return start([sys.executable, "-c", PRETEND, directory, *command[9:]], *rest)

    monkeypatch.setattr(processes, "start", pretended)


def sweep(*arguments):
    return main(["sweep", *map(str, arguments)])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2.5,1e-3,-1", [1, 2.5, 0.001, -1]),
        ("true,null,adam", [True, None, "adam"]),
        ('[1,2],{"type": "gru", "n": [3,4]},x', [[1, 2], {"type": "gru", "n": [3, 4]}, "x"]),
        ('"a,b", c d ,"1"', ["a,b", "c d", "1"]),
        ("NaN,1_000,007,truer,a=b", ["NaN", "1_000", "007", "truer", "a=b"]),
    ],
)
def test_values(text, values):
    assert axis(f"a.b={text}") == ("a.b", values)


@pytest.mark.parametrize("text", ["lr", "lr=", "=1", "lr=1,,2", "lr=1,", "lr=[1,2", "lr={a:1}", 'lr="a'])
def test_values_that_make_no_sense(text):
    with pytest.raises(argparse.ArgumentTypeError):
        axis(text)


def test_failure_then_success(pretend, config_file, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    root = tmp_path / "root"
    arguments = [config_file, "-s", root, "--seeds", 3, "--threads", 5]
    assert sweep(*arguments, "--dry-run") == 0
    assert capsys.readouterr().out.splitlines() == [
        *(f"config-{seed}  new            {root}/config-{seed}" for seed in (1, 2, 3)),
        "variants: 3 new",
    ]
    assert not root.exists()

    assert sweep(*arguments) == 1
    out = capsys.readouterr().out
    out = re.sub(r"\d+\.\d minutes", "0.0 minutes", out)
    assert "config-1: started\nconfig-1: finished, entities/f1 0.5000, 0.0 minutes\n" in out
    assert (
        f"config-2: failed (exit status 1) after 0.0 minutes; the end of {root}/logs/config-2.log:\n" in out
    )
    assert "\n  threads 5\n  out of luck\nconfig-3: started\n" in out
    assert out.endswith("2 of 3 variants are finished\nfailed: config-2 (the same command tries again)\n")

    assert sweep(*arguments) == 0
    out = capsys.readouterr().out
    assert out.startswith("variants: 2 finished, 1 to be resumed\nconfig-2: resumed\nconfig-2: finished, ")
    assert "config-1" not in out
    assert out.endswith("3 of 3 variants are finished\n")
    assert sweep(*arguments, "-o", "{'trainer.num_epochs': 3}") == 2
    assert "trainer.num_epochs: 2 there, 3 now" in capsys.readouterr().err


def test_threads(pretend, config_file, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(7)))
    for given, jobs, threads in (("4", 2, 4), (None, 2, 3), (None, 9, 1)):
        if given:
            monkeypatch.setenv("OMP_NUM_THREADS", given)
        else:
            monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        root = tmp_path / f"{given}-{jobs}"
        assert sweep(config_file, "-s", root, "--jobs", jobs) == 0
        assert f"\nthreads {threads}\n" in (root / "logs" / "config-1.log").read_text()


def test_mistakes(config_file, tmp_path, capsys):
    options = [config_file, "-s", tmp_path / "root"]
    for more, message in (
        (
            ["--grid", "trainer.num_epochs=1", "--grid", "trainer.num_epochs=2"],
            "twice for trainer.num_epochs",
        ),
        (
            ["--grid", "trainer.num_epochs=1", "-o", "{'trainer.num_epochs': 2}"],
            "set by --overrides and again",
        ),
        (["-o", "[]"], "overrides: expected an object"),
        (["--grid", "trainer.num_epoch=1"], "config,num_epoch=1-1:\n    trainer.num_epoch: unknown key"),
    ):
        assert sweep(*options, *more) == 2
        assert message in capsys.readouterr().err
    for more in (["--jobs", "0"], ["--grid", "lr"], ["--seeds", "none"]):
        with pytest.raises(SystemExit):
            sweep(*options, *more)
        assert f"argument {more[0]}" in capsys.readouterr().err
    assert not (tmp_path / "root").exists()


@pytest.mark.skipif(COMMAND is None, reason="the package is not installed")
def test_in_earnest(tmp_path, capsys):
    """Terminated after the first checkpoint, resumed with two at a time, tabulated."""
    root = tmp_path / "root"
    overrides = json.dumps({"dataset_reader.max_instances": 20, "trainer.num_epochs": 50})
    command = [COMMAND, "sweep", "training_config/quickstart.jsonnet", "-s", str(root), "-o", overrides]
    command += ["--seeds", "2", "--threads", "1"]
    first = root / "quickstart-1"
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    until = time.monotonic() + 600
    while not list(first.glob("checkpoints/epoch_*")):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 130
    assert out.endswith("Interrupted; the same command goes on from the newest checkpoints.\n")
    assert "Interrupted; go on from " in (root / "logs" / "quickstart-1.log").read_text()
    assert not (first / "metrics.json").exists()

    done = subprocess.run([*command, "--jobs", "2"], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "variants: 1 to be resumed, 1 new\nquickstart-1: resumed\nquickstart-2: started\n"
    )
    assert "going on from " in (first / "train.log").read_text()
    assert len((first / "metrics.jsonl").read_text().splitlines()) == 50
    assert main(["tabulate", str(root)]) == 0
    assert capsys.readouterr().out.splitlines()[3].split()[:2] == ["quickstart", "2"]
