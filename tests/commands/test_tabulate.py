"""From trainings through ``main`` to tables, and to the same tables without the trainings."""

import json
import shutil

import pytest

from causal_mtl import analysis
from causal_mtl.commands import main


def run(*arguments):
    return main(["tabulate", *map(str, arguments)])


@pytest.fixture
def runs(config_file, tmp_path):
    """Two seeds of a small config, and one of it with less training."""
    directories = []
    for label, seed, epochs in (("long", 1, 6), ("long", 2, 6), ("short", 1, 1)):
        directories.append(tmp_path / "runs" / f"{label}-{seed}")
        overrides = json.dumps({"random_seed": seed, "trainer.num_epochs": epochs})
        assert main(["train", str(config_file), "-s", str(directories[-1]), "-o", overrides]) == 0
    return directories


def test_the_same_tables_without_the_trainings(runs, tmp_path, capsys):
    capsys.readouterr()
    options = ["--measure", "entities/f1", "--compare", "long:short", "--compare", "short:long"]
    evidence = tmp_path / "evidence.json"
    assert run(*runs, *options, "--export", evidence) == 0
    printed = capsys.readouterr().out
    title, _, header, long, short, _, _, _, _, forth, back = printed.splitlines()
    assert title.startswith("entities/f1 on ")
    assert header.split() == ["configuration", "seeds", "P", "R", "F1", "best", "epoch", "minutes"]
    assert long.split()[:2] == ["long", "2"]
    assert long.count("±") == 3
    assert short.split()[:2] == ["short", "1"]
    assert "±" not in short
    assert forth.split()[:2] == ["long", "short"]
    assert forth.split()[2].startswith("+")
    assert back.split()[2] == forth.split()[2].replace("+", "-")

    scores = [json.loads((directory / "metrics.json").read_text()) for directory in runs]
    mean = sum(metrics["validation_entities/f1"] for metrics in scores[:2]) / 2
    assert f" {100 * mean:.1f} ± " in long

    shutil.rmtree(tmp_path / "runs")
    assert run(evidence, *options) == 0
    assert capsys.readouterr().out == printed
    assert run(evidence, *options, "--format", "latex", "--output-file", tmp_path / "table.tex") == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "table.tex").read_text().count(r"\begin{tabular}") == 2


def test_by_groups_of_sentences(trained, tmp_path, capsys):
    directory = tmp_path / "copy"
    shutil.copytree(trained, directory)
    measure = ["--measure", "relations/exact_f1"]
    assert run(directory, *measure, "--by", "overlap", "--by", "triples") == 0
    _, by_overlap, by_triples = capsys.readouterr().out.split("relations/exact_f1 ")[1:]
    assert by_overlap.startswith("by kind of overlap on ")
    assert " all (60)  Normal (" in by_overlap
    assert by_triples.startswith("by number of triples on ")
    assert " 5+ (" in by_triples


def test_plain_scores_need_no_archive_and_no_data(trained, config, capsys):
    before = sorted(trained.iterdir())
    assert run(trained, "--format", "markdown") == 0
    out = capsys.readouterr().out
    f1 = json.loads((trained / "metrics.json").read_text())["validation_entities/f1"]
    validation_metric = f"entities/f1 on {config['validation_data_path']}, as trained"
    assert out.splitlines()[0].startswith(validation_metric)
    assert f"| {100 * f1:.1f} |" in out
    assert sorted(trained.iterdir()) == before


def test_other_data(trained, config, tmp_path, capsys):
    directory = tmp_path / "copy"
    shutil.copytree(trained, directory)
    assert run(directory, "--data", config["train_data_path"]) == 0
    assert "fixtures/triples/train.json, predicted anew" in capsys.readouterr().out
    assert run(directory, "--data", tmp_path / "nowhere.json") == 2
    assert "nowhere.json" in capsys.readouterr().err


def test_unfinished(trained, tmp_path, capsys):
    (tmp_path / "unfinished").mkdir()
    assert run(trained, tmp_path / "unfinished") == 2
    assert "unfinished is not the directory of a training" in capsys.readouterr().err
    assert run(trained, tmp_path / "unfinished", "--skip-unfinished") == 0


def test_mistakes(trained, capsys, monkeypatch):
    def predicted(*args, **kwargs):
        raise AssertionError("predicted before the mistake was found")

    monkeypatch.setattr(analysis, "with_counts", predicted)
    for options in ((), ("--by", "overlap")):
        assert run(trained, "--measure", "relations/f2", *options) == 2
        assert "no measure 'relations/f2' (there are entities/f1" in capsys.readouterr().err
    assert run(trained, "--compare", "run:mlt") == 2
    assert "no configuration is called 'mlt'" in capsys.readouterr().err
    for arguments in (["--compare", "one"], ["--format", "html"]):
        with pytest.raises(SystemExit):
            run(trained, *arguments)
        assert arguments[0] in capsys.readouterr().err
