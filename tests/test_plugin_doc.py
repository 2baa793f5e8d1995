"""docs/plugin.md works as it stands there."""

import re
from pathlib import Path

from causal_mtl import load
from causal_mtl.commands import main

ROOT = Path(__file__).parents[1]


def block(language):
    return re.search(rf"```{language}\n(.*?)```", (ROOT / "docs/plugin.md").read_text(), flags=re.DOTALL)[1]


def test_the_plugin(tmp_path, monkeypatch, capsys):
    plugin = block("python")
    code = [line for line in plugin.splitlines() if line.strip() and not line.startswith(("from", "import"))]
    assert len(code) <= 10
    monkeypatch.chdir(tmp_path)
    for name in ("fixtures", "training_config"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "my_encoder.py").write_text(plugin)
    (tmp_path / "gru.jsonnet").write_text(block("jsonnet"))
    train, components = (line.split()[1:] for line in block("bash").splitlines())
    assert main([*train, "-o", '{"trainer.num_epochs": 1}']) == 0
    assert main(components) == 0
    assert "A GRU that reads from left to right." in capsys.readouterr().out

    (tmp_path / ".causal_mtl_plugins").write_text("my_encoder\n")
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
