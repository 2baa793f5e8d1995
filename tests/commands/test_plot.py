"""From trainings through ``main`` to drawings, and to the same drawings without the trainings."""

import json
import shutil

import pytest

from causal_mtl.commands import main


def run(*arguments):
    return main(["plot", *map(str, arguments)])


@pytest.fixture
def runs(trained, tmp_path):
    """As a sweep over a learning rate would leave them."""
    directories = []
    for seed, rate in ((1, 0.02), (2, 0.02), (1, 0.5)):
        directory = tmp_path / "runs" / f"mtl,lr={rate}-{seed}"
        shutil.copytree(trained, directory, ignore=shutil.ignore_patterns("checkpoints", "vocabulary"))
        for file, key, value in (("config.json", "random_seed", seed), ("run.json", "seed", seed)):
            content = {**json.loads((directory / file).read_text()), key: value}
            if file == "config.json":
                content["trainer"]["optimizer"]["lr"] = rate
            (directory / file).write_text(json.dumps(content))
        directories.append(directory)
    return directories


KINDS = {
    "bars": ["--also", "relations/loss"],
    "curves": ["--also", "training_loss", "--from-epoch", 2],
    "against": ["--key", "trainer.optimizer.lr", "--also", "relations/loss"],
}


def test_the_same_drawings_without_the_trainings(runs, tmp_path, capsys):
    evidence = tmp_path / "evidence.json"
    drawn = {}
    for kind, options in KINDS.items():
        drawn[kind] = tmp_path / f"{kind}.svg"
        assert run(kind, *runs, *options, "-o", drawn[kind]) == 0
    assert main(["tabulate", *map(str, runs), "--export", str(evidence)]) == 0
    shutil.rmtree(tmp_path / "runs")
    for kind, options in KINDS.items():
        assert run(kind, evidence, *options, "-o", tmp_path / "again.svg") == 0
        if kind == "curves":  # the others say in their title that the export's scores were predicted anew
            assert (tmp_path / "again.svg").read_bytes() == drawn[kind].read_bytes()
    assert len({path.read_bytes() for path in drawn.values()}) == 3


def test_png(trained, tmp_path):
    assert run("bars", trained, "--measure", "entities/f1", "-o", tmp_path / "new" / "a.png") == 0
    assert (tmp_path / "new" / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["against"], "against needs --key KEY"),
        (["bars", "--key", "model.beta"], "only against can have it"),
        (["bars", "--from-epoch", "2"], "only curves can have --from-epoch"),
        (["against", "--key", "model.beta"], "its config has no number at model.beta"),
        (["bars", "--measure", "relations/f2"], "no measure 'relations/f2'"),
        (["curves", "--also", "relations/kl"], "no 'validation_relations/kl' was logged"),
    ],
)
def test_mistakes(trained, tmp_path, arguments, message, capsys):
    kind, *options = arguments
    assert run(kind, trained, *options, "-o", tmp_path / "a.svg") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "a.svg").exists()


@pytest.mark.parametrize(
    "arguments", [["pie", "DIR", "-o", "a.svg"], ["bars", "DIR"], ["bars", "DIR", "-o", "a.pdf"]]
)
def test_mistakes_in_the_command_line(arguments, capsys):
    with pytest.raises(SystemExit):
        run(*arguments)
    assert "usage: causal-mtl plot" in capsys.readouterr().err
