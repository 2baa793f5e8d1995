"""``causal-mtl serve`` as a process."""

import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from causal_mtl.commands import main
from causal_mtl.commands.serve import short_names

pytest.importorskip("uvicorn", reason="needs causal-mtl[page]")
pytest.importorskip("starlette", reason="needs causal-mtl[page]")


@pytest.fixture
def process(reviews):
    command = [sys.executable, "-m", "causal_mtl", "serve", "--port", "0", str(reviews)]
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    started = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # The tests may run in the background of a script, where Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    yield started
    started.kill()
    started.communicate()


def test_it_says_where_it_is_answers_and_ends_with_ctrl_c(process):
    line = process.stdout.readline()
    url = line.split()[0]
    assert line == f"{url} shows run; Ctrl-C ends it\n"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}api/models", timeout=60) as answer:
        assert json.load(answer)["models"][0]["name"] == "run"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_models_are_called_by_their_directories():
    assert short_names(["runs/a", "runs/b/model.tar.gz", "hf://org/c/model.tar.gz"]) == ["a", "b", "c"]
    assert short_names(["model.tar.gz"]) == ["model.tar.gz"]
    assert short_names(["x/run", "y/run/"]) == ["x/run", "y/run/"]


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none(port, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--port", port, "runs/a"])
    assert ended.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_what_is_no_archive_is_said(tmp_path, capsys):
    assert main(["serve", "--port", "0", str(tmp_path / "none")]) == 2
    assert "none" in capsys.readouterr().err
