import json

from causal_mtl.commands.main import main
from causal_mtl.commands.synthesize import WORLD
from causal_mtl.data import JsonlReader
from causal_mtl.data.synthetic import World


def test_data_and_truth_are_written(tmp_path):
    arguments = ["--train", "30", "--dev", "10", "--missing", "0.5", "--seed", "3"]
    assert main(["synthesize", str(tmp_path / "one"), *arguments]) == 0
    assert main(["synthesize", str(tmp_path / "two"), *arguments]) == 0
    for name in ("train.jsonl", "dev.jsonl", "truth.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    train, dev = (list(JsonlReader().read(tmp_path / f"one/{name}.jsonl")) for name in ("train", "dev"))
    assert (len(train), len(dev)) == (30, 10)
    assert 0 < sum("A" in text.annotations for text in train) < 30
    assert all("A" in text.annotations for text in dev)
    truth = json.loads((tmp_path / "one/truth.json").read_text())
    assert truth["effects"] == World().truth()["effects"]
    assert truth["world"]["missing"] == 0.5


def test_defaults_are_those_of_the_world():
    assert World() == World(**{name: default for name, (default, _) in WORLD.items()})


def test_what_is_no_world(tmp_path, capsys):
    assert main(["synthesize", str(tmp_path), "--strength", "0.9"]) == 2
    assert "together 1 at most" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
