import json
import logging
import shutil

import pytest

from causal_mtl.analysis import configurations, read_runs, with_counts, write_export
from causal_mtl.common import ConfigurationError


def rewrite(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_run(copies):
    (run,) = read_runs([copies("pmei-3", 3, {"f1": 0.5})])
    assert (run.label, run.seed, run.counts) == ("pmei", 3, None)
    assert run.metrics["validation_relations/exact_f1"] == 0.5
    assert run.config["model"]["type"] == "mtl"
    assert run.data.endswith("fixtures/triples/dev.json")
    (other,) = read_runs([copies("pmei-2", 13370)])
    assert other.label == "pmei-2"


def test_configurations(copies):
    runs = read_runs([copies("b-2", 2), copies("a", 1), copies("b-1", 1)])
    groups = configurations(runs)
    assert [(label, [run.seed for run in group]) for label, group in groups.items()] == [
        ("b", [1, 2]),
        ("a", [1]),
    ]


def test_some_labels(copies):
    directories = [copies("b-2", 2), copies("a-1", 1), copies("c-1", 1), copies("b-1", 1)]
    runs = read_runs(directories, only=["c", "b"])
    assert [(run.label, run.seed) for run in runs] == [("c", 1), ("b", 2), ("b", 1)]
    with pytest.raises(ConfigurationError, match=r"'d' \(there are b, a, c\)"):
        read_runs(directories, only=["a", "d"])


def test_a_directory_of_trainings(copies, tmp_path):
    copies("b-1", 1), copies("a-1", 1)
    unfinished = copies("a-2", 2)
    (unfinished / "model.tar.gz").unlink()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a-1.log").write_text("epoch 1 …")
    (tmp_path / "notes.json").write_text("{}")
    assert [run.source for run in read_runs([tmp_path], skip_unfinished=True)] == [
        str(tmp_path / name) for name in ("a-1", "b-1")
    ]
    with pytest.raises(ConfigurationError, match="a-2 is not a finished training"):
        read_runs([tmp_path])
    with pytest.raises(ConfigurationError, match="logs is not the directory of a training"):
        read_runs([tmp_path / "logs"])


def test_one_label_for_two_configs(copies, trained):
    model = json.loads((trained / "config.json").read_text())["model"]
    model["tasks"][1]["weight"] = 2
    runs = read_runs([copies("a-1", 1), copies("a-2", 2, model=model, evaluate_on_test=False)])
    with pytest.raises(ConfigurationError) as error:
        configurations(runs)
    assert "a-2 differ in more than the seed" in str(error.value)
    assert str(error.value).splitlines()[1:] == [
        "  model.tasks[1].weight: '(absent)', 2",
        "  evaluate_on_test: '(absent)', False",
    ]


def test_one_config_on_two_versions_of_the_data(copies):
    first, second = copies("a-1", 1), copies("a-2", 2)
    rewrite(first / "run.json", data_sha256={"train.json": "1"})
    rewrite(second / "run.json", data_sha256={"train.json": "2"})
    with pytest.raises(ConfigurationError, match=r"SHA-256 of train.json: '1', '2'"):
        configurations(read_runs([first, second]))


def test_runs_of_two_machines(copies, trained):
    """The same files below other paths, and the precision that one of the two names and the other found."""
    config, note = (json.loads((trained / name).read_text()) for name in ("config.json", "run.json"))
    there = config["train_data_path"]
    moved = {
        path.replace("train.json", "other/train.json"): digest for path, digest in note["data_sha256"].items()
    }
    assert moved != note["data_sha256"]
    found = {**note["machine"], "mixed_precision": "bf16"}
    first = copies("a-1", 1, trainer={**config["trainer"], "mixed_precision": "bf16"})
    elsewhere = {
        "train_data_path": there.replace("train.json", "other/train.json"),
        "trainer": {**config["trainer"], "mixed_precision": "auto"},
    }
    second = copies("a-2", 2, **elsewhere)
    rewrite(second / "run.json", data_sha256=moved, machine=found)
    assert [run.seed for run in configurations(read_runs([first, second]))["a"]] == [1, 2]
    rewrite(second / "run.json", machine={**found, "mixed_precision": "no"})
    with pytest.raises(ConfigurationError, match=r"trainer.mixed_precision: 'bf16', 'auto'$"):
        configurations(read_runs([first, second]))
    rewrite(second / "run.json", machine=found, data_sha256=dict.fromkeys(moved, "1"))
    with pytest.raises(ConfigurationError, match=r"train_data_path: .*other"):
        configurations(read_runs([first, second]))


def test_one_seed_twice(copies, tmp_path):
    first = copies("a-1", 1)
    shutil.copytree(first, tmp_path / "elsewhere" / "a-1")
    with pytest.raises(ConfigurationError, match="a: more than one run with seed 1"):
        configurations(read_runs([first, tmp_path / "elsewhere" / "a-1"]))


def test_one_run_in_two_exports_counts_once(copies, tmp_path):
    runs = [with_counts(run) for run in read_runs([copies("a-1", 1), copies("a-2", 2)])]
    write_export(tmp_path / "one.json", runs)
    write_export(tmp_path / "two.json", runs[1:])
    exported = read_runs([tmp_path / "one.json", tmp_path / "two.json"])
    assert [(run.label, run.seed) for run in exported] == [("a", 1), ("a", 2)]


def test_what_is_no_finished_training(copies, tmp_path, caplog):
    good, unfinished, foreign = copies("a-1", 1), copies("a-2", 2), tmp_path / "foreign"
    (unfinished / "metrics.json").unlink()
    foreign.mkdir()
    log = tmp_path / "a-1.log"
    log.write_text("epoch 1 …")
    other_json = tmp_path / "other.json"
    other_json.write_text('{"format": "another"}')
    for path, message in (
        (unfinished, "not a finished training: it has no metrics.json$"),
        (foreign, "not the directory of a training: it has no config.json"),
        (log, "neither"),
        (other_json, "neither"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            read_runs([good, path])
    with caplog.at_level(logging.WARNING):
        runs = read_runs([unfinished, foreign, good, log, other_json], skip_unfinished=True)
    assert [run.label for run in runs] == ["a"]
    assert caplog.text.count("skipped: ") == 4
    with pytest.raises(ConfigurationError, match=r"there is no .*nowhere"):
        read_runs([good, tmp_path / "nowhere"], skip_unfinished=True)
    with pytest.raises(ConfigurationError, match="no finished training to tabulate"):
        read_runs([foreign], skip_unfinished=True)


def test_data_that_has_changed_since(copies):
    directory = copies("a-1", 1)
    (run,) = read_runs([directory])
    rewrite(directory / "run.json", data_sha256={run.data: "another"})
    (run,) = read_runs([directory])
    with pytest.raises(ConfigurationError, match=r"dev\.json has changed since the training"):
        with_counts(run)
    assert with_counts(run, run.data).counts


def test_counts_that_are_not_those_of_the_training(copies, caplog):
    (run,) = read_runs([copies("a-1", 1, {"f1": 0.999})])
    with caplog.at_level(logging.WARNING):
        with_counts(run)
    assert "relations/exact_f1 is 0." in caplog.text
    assert "metrics.json says 0.9990" in caplog.text
    assert "partial" not in caplog.text


def test_no_validation_data(copies):
    directory = copies("a-1", 1)
    rewrite(directory / "config.json", validation_data_path=None)
    (run,) = read_runs([directory])
    with pytest.raises(ConfigurationError, match="--data"):
        with_counts(run)


def test_export(copies, tmp_path):
    directories = [copies("a-1", 1), copies("a-2", 2)]
    runs = [with_counts(run) for run in read_runs(directories)]
    path = tmp_path / "new" / "evidence.json"
    write_export(path, runs)
    assert path.stat().st_size < 14_000
    for directory in directories:
        shutil.rmtree(directory)
    for back, run in zip(read_runs([path]), runs, strict=True):
        assert (back.label, back.seed, back.config, back.metrics, back.note) == (
            run.label, run.seed, run.config, run.metrics, run.note
        )  # fmt: skip
        assert (back.counts_of("relations/exact_f1") == run.counts_of("relations/exact_f1")).all()
        assert with_counts(back) is back
        assert with_counts(back, run.data) is back
        with pytest.raises(ConfigurationError, match="no counts of a-"):
            with_counts(back, str(path))


def test_export_without_counts(copies, tmp_path):
    write_export(tmp_path / "e.json", read_runs([copies("a-1", 1)]))
    (run,) = read_runs([tmp_path / "e.json"])
    assert run.counts is None
    with pytest.raises(ConfigurationError, match="no counts of a-1 on any data"):
        with_counts(run)
