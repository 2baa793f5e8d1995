import json

from causal_mtl.analysis import read_runs, write_export


def log(directory, *lines):
    (directory / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_losses_and_scores_of_each_epoch(copies):
    directory = copies("a-1", 1)
    log(
        directory,
        {"epoch": 1, "lr": 0.1, "training_loss": 1234.5678, "validation_seconds": 2.0, "is_best": True},
        {"epoch": 2, "lr": 0.1, "training_loss": 0.000123456, "validation_a/f1": 1, "is_best": False},
    )
    (run,) = read_runs([directory])
    assert run.curves == {"training_loss": [1234.6, 0.00012346], "validation_a/f1": [None, 1]}


def test_a_training_without_them(copies):
    (run,) = read_runs([copies("a-1", 1)])
    assert run.curves == {}


def test_exports_have_them(copies, tmp_path):
    directory = copies("a-1", 1)
    log(directory, {"training_loss": 1 / 3}, {"training_loss": 2 / 3})
    runs = read_runs([directory])
    write_export(tmp_path / "e.json", runs)
    (back,) = read_runs([tmp_path / "e.json"])
    assert back.curves == runs[0].curves == {"training_loss": [0.33333, 0.66667]}


def test_an_older_export(copies, tmp_path):
    path = tmp_path / "e.json"
    write_export(path, read_runs([copies("a-1", 1)]))
    content = json.loads(path.read_text())
    del content["runs"][0]["curves"]
    path.write_text(json.dumps(content))
    (run,) = read_runs([path])
    assert run.curves == {}
