"""Ctrl-C at any time: no traceback, exit status 130."""

import os
import signal
import subprocess
import sys
import time

import pytest

# The program as its console script runs it, with a word when something in particular has begun.
PROGRAM = """
import sys
from causal_mtl.__main__ import run
{before}
sys.argv = ["causal-mtl", *sys.argv[1:]]
run()
"""
IMPORTS = """
import importlib.abc
class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *rest):
        if name == {name!r}:
            print("now", file=sys.stderr, flush=True)
            import time
            try:
                time.sleep(30)
            except BaseException:  # as some libraries do
                pass
sys.meta_path.insert(0, Slow())
"""


def start(before, *arguments):
    command = [sys.executable, "-c", PROGRAM.format(before=before), *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Run in the background by a shell, these tests inherit an ignored SIGINT, and so would the command.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(process, words):
    read = ""
    while words not in read:
        line = process.stderr.readline()
        assert line, read
        read += line


def interrupted(process, times=1):
    """What it says after so many Ctrl-C."""
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert "Exception ignored" not in error
    return error


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("module", ["causal_mtl.commands.output", "torch", "accelerate"])
def test_during_an_import(config_file, tmp_path, module, times):
    process = start(IMPORTS.format(name=module), "train", config_file, "-s", tmp_path / "run")
    wait_for(process, "now")
    interrupted(process, times)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_during_a_training(config_file, tmp_path, times):
    process = start("", "train", config_file, "-s", tmp_path / "run", "-o", '{"trainer.num_epochs": 10000}')
    wait_for(process, "epoch 2/")
    error = interrupted(process, times)
    if times == 1:
        assert "--recover" in error
        assert not (tmp_path / "run" / ".lock").exists()


CLEANS_UP = """
import causal_mtl.commands as commands, time
def main():
    try:
        print("now", file=sys.stderr, flush=True)
        time.sleep(30)
    finally:
        print("tidying", file=sys.stderr, flush=True)
        time.sleep(30)
commands.main = main
"""


def test_a_second_one_does_not_wait():
    process = start(CLEANS_UP)
    wait_for(process, "now")
    process.send_signal(signal.SIGINT)
    wait_for(process, "tidying")
    interrupted(process)


OTHER_ERROR = """
import causal_mtl.commands as commands, time
def main():
    print("now", file=sys.stderr, flush=True)
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        raise SystemError("returned a result with an exception set")
commands.main = main
"""


def test_one_that_comes_out_as_another_error():
    process = start(OTHER_ERROR)
    wait_for(process, "now")
    interrupted(process)


def test_one_that_python_swallows():
    program = """
import causal_mtl.commands as commands, os, signal, time
class Late:
    def __del__(self):
        print("now", file=sys.stderr, flush=True)
        time.sleep(30)
def main():
    Late()
    time.sleep(30)
commands.main = main
"""
    process = start(program)
    wait_for(process, "now")
    interrupted(process)


def test_errors_and_statuses_are_as_before(tmp_path):
    assert start("", "train", tmp_path / "none.jsonnet", "-s", tmp_path / "run").wait(timeout=120) == 2
    process = start("import causal_mtl.commands as commands\ncommands.main = lambda: 1 / 0")
    _, error = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "ZeroDivisionError" in error


def test_an_ignored_one_stays_ignored(tmp_path):
    process = start(
        "import causal_mtl.commands as commands, os, signal\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "commands.main = lambda: os.kill(os.getpid(), signal.SIGINT) or 0"
    )
    assert process.wait(timeout=120) == 0
    assert os.name == "posix"
