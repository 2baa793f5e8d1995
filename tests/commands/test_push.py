"""`push`, and `predict hf://…`, as users run them, against a Hub on loopback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from causal_mtl.commands.main import main

sys.path.insert(0, str(Path(__file__).parents[1] / "integrations"))
TEXT = "Umar Silva was born in Bergen and works for Bluefin Energy."
TOKEN = "hf_" + "y" * 34


@pytest.fixture
def command(tmp_path):
    """Runs `causal-mtl` with this Hub and no other network."""
    from stub_hub import StubHub

    hub = StubHub()
    nobody = "http://127.0.0.1:9"
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_XET": "1",
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), nobody),
        "no_proxy": "127.0.0.1",
        "NO_PROXY": "127.0.0.1",
    }

    def run(*arguments):
        program = [sys.executable, "-m", "causal_mtl", *map(str, arguments)]
        return subprocess.run(program, env=env, capture_output=True, text=True, check=False)

    run.hub = hub
    yield run
    hub.close()


def test_push_and_predict(command, trained, tmp_path):
    done = command("push", trained, "someone/mentions", "--license", "mit", "--message", "First")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{command.hub.endpoint}/someone/mentions/commit/")
    assert command.hub.repositories == {"someone/mentions": True}
    assert command.hub.commits[0]["summary"] == "First"
    assert b"license: mit" in command.hub.files["someone/mentions", "README.md"]
    assert TOKEN not in done.stdout + done.stderr

    sentences = tmp_path / "in.jsonl"
    sentences.write_text(json.dumps({"text": TEXT}))
    from_hub = command("predict", "hf://someone/mentions/model.tar.gz", sentences)
    assert from_hub.returncode == 0, from_hub.stderr
    assert from_hub.stdout == command("predict", trained, sentences).stdout
    assert json.loads(from_hub.stdout)["annotations"]["entities"]["spans"]

    missing = command("predict", "hf://someone/else/model.tar.gz", sentences)
    assert missing.returncode == 2
    assert missing.stderr.count("\n") == 1
    assert "hf://someone/else/model.tar.gz: cannot be downloaded: " in missing.stderr


def test_dry_run(trained, tmp_path, capsys):
    assert main(["push", str(trained), "someone/mentions", "--dry-run", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out'}\n"
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["README.md", "model.tar.gz"]
    assert "# mentions\n" in (tmp_path / "out/README.md").read_text()


def test_no_archive(tmp_path, capsys):
    assert main(["push", str(tmp_path), "someone/mentions"]) == 2
    assert "there is no model.tar.gz" in capsys.readouterr().err
