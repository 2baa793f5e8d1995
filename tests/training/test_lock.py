import os
import signal
import subprocess
import sys

import pytest

from causal_mtl import train
from causal_mtl.common import ConfigurationError
from causal_mtl.training.callbacks import Callback
from causal_mtl.training.lock import alone_in

HOLD = """
import sys, time
from pathlib import Path
from causal_mtl.training.lock import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_only_one_at_a_time(tmp_path):
    with alone_in(tmp_path / "run"):
        with pytest.raises(
            ConfigurationError, match=rf"another training is at work .*process {os.getpid()} on"
        ):
            alone_in(tmp_path / "run").__enter__()
        with alone_in(tmp_path / "other"):
            pass
        assert not (tmp_path / "other").exists()  # it made it
    with alone_in(tmp_path / "run"):
        (tmp_path / "run" / "file").touch()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["file"]


def test_a_file_is_no_directory(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="is a file"), alone_in(tmp_path / "file"):
        pass


def test_the_lock_of_a_dead_process_is_no_obstacle(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(ConfigurationError, match=f"process {process.pid}"), alone_in(tmp_path):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / ".lock").exists()
    with alone_in(tmp_path):
        pass


def test_a_deleted_lock_is_not_the_lock(tmp_path):
    """Who waits for a file that its holder deletes has nothing."""
    with alone_in(tmp_path):
        (tmp_path / ".lock").unlink()
        with alone_in(tmp_path):
            assert (tmp_path / ".lock").exists()


@Callback.register("train_beside", exist_ok=True)
class TrainBeside(Callback):
    """Tries to train in the same directory in all ways."""

    def on_epoch(self, state):
        config = TrainBeside.config | {"trainer": {**TrainBeside.config["trainer"], "callbacks": []}}
        for options in ({}, {"force": True}, {"recover": True}):
            with pytest.raises(ConfigurationError, match="another training is at work"):
                train(config, state.directory, **options)
        TrainBeside.tries += 1


def test_a_running_training_is_left_alone(config, tmp_path):
    TrainBeside.config, TrainBeside.tries = config, 0
    result = train(
        config | {"trainer": {**config["trainer"], "callbacks": ["train_beside"]}}, tmp_path / "run"
    )
    assert TrainBeside.tries == 2
    assert result.archive.exists()
    assert not list((tmp_path / "run").glob(".*"))
