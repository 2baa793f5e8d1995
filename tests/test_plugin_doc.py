"""docs/plugin.md works as it stands there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from causal_mtl import load
from causal_mtl.commands import main

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/plugin.md").read_text(encoding="utf-8")
BLOCKS = [(m[1], m[2], m.start()) for m in re.finditer(r"```(\w+)\n(.*?)```", PAGE, flags=re.DOTALL)]
FILE = re.compile(r"`([\w.]+\.(?:py|jsonnet|jsonl))`")

# Runs command lines one after another in one process: importing torch takes longer than most of them.
DRIVER = """
import json, subprocess, sys
from causal_mtl.commands import main
for line in json.loads(sys.argv[1]):
    words = line.split()
    print(f"$ {line}", flush=True)
    status = main(words[1:]) if words[0] == "causal-mtl" else subprocess.run(line, shell=True).returncode
    if status:
        sys.exit(f"{line}: status {status}")
"""


def blocks(language):
    return [content for of, content, _ in BLOCKS if of == language]


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """A working directory like the root of the repository, with the files that the page names."""
    monkeypatch.chdir(tmp_path)
    for name in ("fixtures", "training_config"):
        (tmp_path / name).symlink_to(ROOT / name)
    for language, content, start in BLOCKS:
        names = FILE.findall(PAGE[:start].splitlines()[-1] + PAGE[:start].splitlines()[-2])
        if language in ("python", "jsonnet", "json") and names:
            (tmp_path / names[-1]).write_text(content, encoding="utf-8")
    return tmp_path


def test_every_block_is_run_here():
    assert [(language, content.split()[0]) for language, content, _ in BLOCKS] == [
        ("python", "from"), ("jsonnet", "(import"), ("bash", "causal-mtl"),
        ("python", "from"), ("python", "from"), ("python", "from"), ("jsonnet", "local"), ("json", '{"text":'),
        ("bash", "printf"), ("toml", "[project.entry-points.\"causal_mtl.plugins\"]"), ("python", "from"),
    ]  # fmt: skip


def test_the_component(directory, capsys):
    code = [
        line
        for line in blocks("python")[0].splitlines()
        if line.strip() and not line.startswith(("from", "import"))
    ]
    assert len(code) <= 10
    train, components = (line.split()[1:] for line in blocks("bash")[0].splitlines())
    assert main([*train, "-o", '{"trainer.num_epochs": 1}']) == 0
    assert main(components) == 0
    assert "A GRU that reads from left to right." in capsys.readouterr().out

    (directory / ".causal_mtl_plugins").write_text("my_encoder\n")
    encoder = load("runs/gru").model.encoder
    assert type(encoder).__name__ == "GRU"
    assert encoder.get_output_dim() == 80


def test_a_mistake_in_its_config(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    overrides = '{"model.encoder": {"type": "bilstm", "hiden_size": 80}}'
    assert (
        main(["train", "training_config/quickstart.jsonnet", "-s", str(tmp_path / "run"), "-o", overrides])
        == 2
    )
    assert "model.encoder.hiden_size: unknown key" in capsys.readouterr().err


def test_the_instance():
    names = {}
    exec(blocks("python")[1], names)
    instance = names["instance"]
    assert instance.span_text(names["ann"]) == "Ann Lee"
    assert instance.span_text(names["rome"]) == "Rome"
    assert set(instance.annotations) == {"entities", "relations", "topics"}


def test_the_kind_of_task(directory):
    """Every command shows and compares a kind that only the plugin knows."""
    lines = blocks("bash")[1].splitlines()
    training = "causal-mtl train rating.jsonnet -s runs/one"
    wrong = "causal-mtl train rating.jsonnet --dry-run -o {'trainer.validation_metric':'+rating/mae'}"
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps([*lines, training, wrong])],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert f"{wrong}: status 2" in done.stderr, done.stderr
    assert 'validation_metric: of "rating/mae" lower is better: "-rating/mae"' in done.stderr
    output = dict(part.split("\n", 1) for part in done.stdout.split("$ ")[1:])
    _, validated, _, tabulated, evaluated, predicted = (output[line] for line in lines)

    assert "rating: 100 labels" in validated
    assert "| dev rating/mae " in done.stderr  # what decides comes first
    assert " rating/accuracy " in done.stderr
    scores, compared = tabulated.split("\n\nDifferences of ")
    assert scores.startswith("rating/mae on fixtures/ratings/dev.tsv, predicted anew (lower is better, mean")
    assert compared.startswith("rating/mae (lower is better, paired bootstrap")
    difference, low, high = map(float, re.search(r"([+-][\d.]+)\s+\[(.+), (.+)\]", compared).groups())
    assert low <= difference <= high
    metrics = json.loads(evaluated)
    assert 0 <= metrics["rating/mae"] < 1.2  # always saying 3 is wrong by 0.8 to 1
    assert metrics["per_label"] == {"rating": {}}
    assert json.loads(predicted)["annotations"] == {"rating": {"labels": ["4"]}}


def test_the_entry_point():
    tomllib = pytest.importorskip("tomllib")
    assert tomllib.loads(blocks("toml")[0].replace("\n  ", "\n"))["project"]["entry-points"] == {
        "causal_mtl.plugins": {"my_encoder": "my_encoder"}
    }
