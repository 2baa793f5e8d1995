"""The short form of `make soak`."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from events import Events
from soak_runs import configs

SOAK = Path(__file__).with_name("soak.py")


@pytest.mark.parametrize("kind", configs())
def test_some_kills(kind):
    # In a process of its own, as only one without threads can be forked.
    command = [sys.executable, str(SOAK), "--only", kind, "--sample", "4", "--jobs", "1", "--seed", "1"]
    process = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-3000:]
    assert "trainings killed: 6" in process.stdout
    assert "failures: 0" in process.stdout


def in_a_child(function):
    if (child := os.fork()) == 0:
        try:
            function()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(
    ("last", "torn", "content"), [(0, False, "abcd"), (2, False, "abcd"), (2, True, "ab")]
)
def test_the_soak_kills_and_tears(tmp_path, last, torn, content):
    def write():
        Events(tmp_path, last, torn).start()
        with (tmp_path / "a").open("w") as file:
            file.write("abcd")
        os.rename(tmp_path / "a", tmp_path / "b")

    assert in_a_child(write) == (-signal.SIGKILL if last else 0)
    assert (tmp_path / ("a" if last else "b")).read_text() == content


def test_what_is_flushed_is_not_torn(tmp_path):
    def write():
        Events(tmp_path, 3, True).start()
        with (tmp_path / "a").open("w") as file:
            file.write("abcd")
            file.flush()
            os.fsync(file.fileno())
        os.remove(tmp_path / "a")

    assert in_a_child(write) == -signal.SIGKILL
    assert (tmp_path / "a").read_text() == "abcd"
