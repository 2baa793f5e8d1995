"""From a config with constraints to consistent predictions, on the bundled law cases and typed relations."""

import json
import re
import tarfile
from pathlib import Path

import pytest

from causal_mtl import load, train
from causal_mtl.archive import load_archive
from causal_mtl.commands import main
from causal_mtl.common import ConfigurationError, ConfigurationErrors

DEV = "fixtures/cail2018/dev.json"
LAW = {
    "dataset_reader": {
        "type": "cail2018",
        "tokenizer": "character",
        "token_indexers": {"tokens": "single_id"},
        "min_count": 1,
    },
    "train_data_path": "fixtures/cail2018/train.json",
    "validation_data_path": DEV,
    "model": {
        "type": "cmtl",
        "embedder": {"tokens": {"type": "embedding", "embedding_dim": 12}},
        "architecture": "topjudge",
        "tasks": [
            {"type": "single_label_classification", "name": name} for name in ("article", "charge", "term")
        ],
    },
    "data_loader": {"batch_size": 16},
    "trainer": {"num_epochs": 1, "optimizer": {"type": "adam", "lr": 3e-3}},
    "random_seed": 1,
}
PAIRS = ["charge/inconsistency_article", "term/inconsistency_article", "term/inconsistency_charge"]


@pytest.fixture(scope="module")
def law(tmp_path_factory):
    """The directory of a short training without constraints."""
    directory = tmp_path_factory.mktemp("law") / "law-1"
    train(LAW, directory)
    return directory


def evaluate(capsys, archive, *options, data=DEV):
    capsys.readouterr()
    assert main(["evaluate", str(archive), data, *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_evaluate_with_and_without_side_by_side(law, capsys, tmp_path):
    predicted = tmp_path / "predicted.jsonl"
    as_trained = evaluate(capsys, law)
    free = evaluate(capsys, law, "--constraints", "none")
    constrained = evaluate(
        capsys, law, "--constraints", "training", "--predictions-output-file", str(predicted)
    )
    for name in PAIRS:
        assert as_trained[name] == free[name]
        assert constrained[name] == 0.0
        assert constrained[name.replace("inc", "gold_inc")] == free[name.replace("inc", "gold_inc")]
    assert any(free[name] > 0 for name in PAIRS)
    assert free["charge/loss"] == pytest.approx(constrained["charge/loss"])
    with tarfile.open(law / "model.tar.gz") as tar:
        listed = json.load(tar.extractfile("combinations.json"))["links"]
    seen = {tuple(link["tasks"]): link["combinations"] for link in listed}
    records = [json.loads(line) for line in predicted.read_text().splitlines()]
    for record in records:
        labels = {task: found["labels"][0] for task, found in record["annotations"].items()}
        assert all([labels[one], labels[other]] in found for (one, other), found in seen.items())
    metrics = json.loads((law / "metrics.json").read_text())
    assert metrics[f"validation_{PAIRS[0]}"] == pytest.approx(free[PAIRS[0]])


def test_the_config_of_the_documentation(tmp_path):
    text = Path("docs/consistency.md").read_text(encoding="utf-8")
    (config,) = re.findall(r"```jsonnet\n(// law.jsonnet.*?)```", text, re.DOTALL)
    (tmp_path / "law.jsonnet").write_text(config, encoding="utf-8")
    assert main(["train", str(tmp_path / "law.jsonnet"), "--dry-run"]) == 0


def test_some_tasks_only(law, capsys):
    found = evaluate(capsys, law, "--tasks", "charge")
    assert [name for name in found if "inconsistency" in name] == []


def test_tabulate_prints_them_beside_gold_and_scores(law, capsys, tmp_path):
    capsys.readouterr()
    export = tmp_path / "export.json"
    measure = ["--measure", "charge/macro_f1"]
    assert main(["tabulate", str(law), *measure]) == 0
    as_trained = capsys.readouterr().out
    _, first, _, _ = as_trained.split("combinations of ")
    assert first.startswith(
        f"charge and article that never occur in training on {DEV}, as trained (× 100, lower"
    )
    header, row = first.splitlines()[2:4]
    assert header.rsplit(maxsplit=2)[1:] == ["accuracy", "macro_f1"]
    assert "never in training  in gold" in header
    metrics = json.loads((law / "metrics.json").read_text())
    names = [PAIRS[0], "charge/gold_inconsistency_article", "charge/accuracy", "charge/macro_f1"]
    assert row.split() == ["law", "1", *(f"{100 * metrics[f'validation_{name}']:.1f}" for name in names)]

    assert main(["tabulate", str(law), *measure, "--data", DEV, "--export", str(export)]) == 0
    anew = capsys.readouterr().out
    assert anew.split("combinations of ")[1].splitlines()[3] == row
    assert main(["tabulate", str(export), "--measure", PAIRS[0]]) == 0
    assert "charge/inconsistency_article on" in capsys.readouterr().out


def test_trained_with_constraints_they_hold_for_predictions(law, tmp_path):
    allowed = {
        "盗窃": ["264"],
        "诈骗": ["266"],
        "故意伤害": ["234"],
        "危险驾驶": ["133"],
        "交通肇事": ["133"],
    }
    rule = {"tasks": ["charge", "article"], "allowed": allowed}
    run = train(LAW, tmp_path / "run", overrides={"model.constraints": [rule]})
    assert run.metrics["validation_charge/inconsistency_article"] == 0.0
    predictor = load(run.archive)
    text = {"text": "张某趁人不备，盗走被害人李某的手机。"}
    found = predictor.predict(text)["annotations"]
    assert found["article"]["labels"] == allowed[found["charge"]["labels"][0]]
    given = {"charge": {"labels": ["诈骗"]}}
    assert predictor.predict({**text, "given": given})["annotations"]["article"]["labels"] == ["266"]


def test_from_another_archive_what_that_saw_counts_too(law, tmp_path):
    cases = Path(LAW["train_data_path"]).read_text(encoding="utf-8").splitlines(keepends=True)
    thefts = tmp_path / "thefts.json"
    thefts.write_text("".join(line for line in cases if "盗窃" in line), encoding="utf-8")
    model = {"type": "from_archive", "archive_file": str(law / "model.tar.gz")}
    config = {**LAW, "model": model, "train_data_path": str(thefts)}
    run = train(config, tmp_path / "run", overrides={"trainer.num_epochs": 0})
    old, new = (load_archive(path).model.combinations.seen for path in (law, run.archive))
    assert new == old


def test_what_cannot_be_constrained_is_refused_before_training(tmp_path):
    def errors(constraints):
        with pytest.raises(ConfigurationErrors) as error:
            train(LAW, tmp_path / "run", overrides={"model.constraints": constraints})
        return str(error.value)

    assert "model.constraints[0].tasks: charge and articles" in errors([{"tasks": ["charge", "articles"]}])
    assert "model.constraints" in errors("trained")
    unknown = [{"tasks": ["charge", "article"], "allowed": {"盗窃": ["2640"]}}]
    assert "constraints[0].allowed.盗窃: the task 'article' has no label '2640'" in errors(unknown)


def test_an_archive_that_does_not_say_what_training_showed(law, tmp_path, unpack, capsys):
    directory = tmp_path / "early"
    unpack(law / "model.tar.gz", directory)
    for name in ("manifest.json", "combinations.json"):
        (directory / name).unlink()
    assert not [name for name in evaluate(capsys, directory) if "inconsistency" in name]
    assert main(["evaluate", str(directory), DEV, "--constraints", "training"]) == 2
    assert "--constraints training: " in capsys.readouterr().err
    config = json.loads((directory / "config.json").read_text())
    config["model"]["constraints"] = "training"
    (directory / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigurationError, match="early version"):
        load_archive(directory)
    (directory / "combinations.json").write_text('{"format": 1, "links": [{"tasks": ["a", "b"]}]}')
    with pytest.raises(ConfigurationError, match=r"combinations.json: links\[0\]: not combinations"):
        load_archive(directory)


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    """The directory of a training on typed mentions and relations."""
    directory = tmp_path_factory.mktemp("typed") / "typed-1"
    config = {
        "dataset_reader": {"type": "conll04", "token_indexers": {"tokens": "single_id"}},
        "train_data_path": "fixtures/conll04/train.txt",
        "validation_data_path": "fixtures/conll04/dev.txt",
        "model": {
            "type": "mtl",
            "embedder": {"tokens": {"type": "embedding", "embedding_dim": 16}},
            "encoder": {"type": "bilstm", "hidden_size": 16},
            "tasks": [
                {"type": "sequence_tagging", "name": "entities"},
                {
                    "type": "relation_extraction",
                    "name": "relations",
                    "anchor": "last",
                    "metrics": ["strict"],
                    "threshold": 0.2,
                },
            ],
        },
        "data_loader": {"batch_size": 4},
        "trainer": {"num_epochs": 12, "optimizer": {"type": "adam", "lr": 1e-2}},
        "random_seed": 1,
    }
    train(config, directory)
    return directory


def test_relations_with_and_without_constraints(typed, capsys):
    dev = "fixtures/conll04/dev.txt"
    free = evaluate(capsys, typed, data=dev)
    constrained = evaluate(capsys, typed, "--constraints", "training", data=dev)
    assert free["relations/inconsistency_entities"] > 0
    assert constrained["relations/inconsistency_entities"] == 0.0
    assert constrained["relations/strict_precision"] >= free["relations/strict_precision"] > 0
    assert constrained["entities/f1"] == free["entities/f1"]
