"""A full disk is one line that names the file, and the training can be recovered."""

import errno
import json
import logging
import os
import subprocess
import sys

import pytest

from causal_mtl import load, train
from causal_mtl.commands import main
from causal_mtl.common import atomic
from causal_mtl.training import log_file

LIMITED = """
import resource, sys
from causal_mtl.commands import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(main(sys.argv[2:]))
"""


def limited(size, *arguments):
    """A process that can write no file larger than `size` bytes."""
    command = [sys.executable, "-c", LIMITED, str(size), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def one_line(error):
    """The line of the error; there is no other and no traceback."""
    assert "Traceback" not in error
    (line,) = [line for line in error.splitlines() if "Errno" in line]
    return line


def test_safetensors_that_do_not_fit(config, config_file, tmp_path):
    directory = tmp_path / "run"
    process = limited(30_000, "train", config_file, "-s", directory)
    assert process.returncode == 1
    assert "model.safetensors" in one_line(process.stderr)
    assert not list((directory / "checkpoints").iterdir())
    assert main(["train", str(config_file), "-s", str(directory), "--recover"]) == 0
    whole = train(config, tmp_path / "whole")
    metrics = [json.loads((run / "metrics.json").read_text()) for run in (directory, whole.directory)]
    assert metrics[0]["validation_loss"] == metrics[1]["validation_loss"]


@pytest.mark.parametrize(
    ("name", "epochs"), [("metrics.jsonl", 0), ("state.json", 1), ("model.tar.gz", 2), ("metrics.json", 2)]
)
def test_files_that_do_not_fit(config, config_file, tmp_path, monkeypatch, capsys, name, epochs):
    directory = tmp_path / "run"
    fsync, written = os.fsync, []

    def full(descriptor):
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if path.endswith((f"/{name}", f"/.unfinished_{name}")):
            written.append(path)
            # Checkpoints and lines of the epochs before fit.
            if len(written) > (epochs if name == "state.json" else 0):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "fsync", full)
        assert main(["train", str(config_file), "-s", str(directory)]) == 1
    assert name in one_line(capsys.readouterr().err)
    assert main(["train", str(config_file), "-s", str(directory), "--recover"]) == 0
    assert len((directory / "metrics.jsonl").read_text().splitlines()) == config["trainer"]["num_epochs"]
    load(directory)


def test_a_log_that_does_not_fit(tmp_path):
    def full(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    logger = logging.getLogger("causal_mtl.test")
    with log_file.log_file() as log:
        logger.warning("kept")
        log.write_to(tmp_path / "train.log")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(log_file._File, "flush", full)
            with pytest.raises(OSError, match=r"No space left.*train\.log"):
                logger.warning("does not fit")
        logger.warning("fits again")
    text = (tmp_path / "train.log").read_text()
    assert "kept" in text
    assert "fits again" in text
