import gzip
import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from causal_mtl.commands import main
from causal_mtl.data import DatasetReader, Vocabulary
from causal_mtl.data.dataset_readers import JsonlReader
from causal_mtl.nn import precision

FIXTURES = Path(__file__).parents[2] / "fixtures"


def run(*arguments):
    return main([str(argument) for argument in arguments])


@pytest.fixture
def dev(config):
    return config["validation_data_path"]


@pytest.fixture
def sentences(tmp_path):
    path = tmp_path / "sentences.jsonl"
    lines = [
        {"text": "Umar Silva was born in Bergen.", "id": 1},
        {"text": ""},
        {"tokens": ["Otto", "works"], "id": 3},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_train(config_file, tmp_path, capsys):
    directory = tmp_path / "run"
    assert run("train", config_file, "-s", directory, "-o", '{"trainer.num_epochs": 1}') == 0
    out = capsys.readouterr().out
    assert "validation_relations/exact_f1: 0." in out
    assert f"trained model: {directory}/model.tar.gz" in out
    assert run("train", config_file, "-s", directory) == 2
    assert "--recover" in capsys.readouterr().err
    assert run("train", config_file, "-s", directory, "-f", "-o", '{"trainer.num_epochs": 0}') == 0


def test_train_needs_a_directory(config_file, capsys):
    assert run("train", config_file) == 2
    assert "-s DIRECTORY" in capsys.readouterr().err


def test_dry_run(config_file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    assert run("train", config_file, "--dry-run") == 0
    out = capsys.readouterr().out
    assert "vocabulary relations_labels: 9" in out
    assert "model heads.entities.layer: 205 parameters" in out
    assert set(tmp_path.iterdir()) == before


def test_evaluate(trained, dev, tmp_path, capsys):
    predictions, errors = tmp_path / "predictions.jsonl", tmp_path / "errors.jsonl"
    assert run("evaluate", trained, dev, "--predictions-output-file", predictions, "--errors-output-file", errors,
               "--per-label") == 0  # fmt: skip
    printed = json.loads(capsys.readouterr().out)
    trained_metrics = json.loads((trained / "metrics.json").read_text())
    assert printed["entities/f1"] == pytest.approx(trained_metrics["validation_entities/f1"])
    assert printed["sentences"] == 60
    support = [measures["support"] for measures in printed["per_label"]["relations"].values()]
    assert sum(support) == 117

    gold = list(DatasetReader.by_name("triples")().read(dev))
    predicted = list(JsonlReader().read(predictions))
    assert [instance.text for instance in predicted] == [instance.text for instance in gold]
    wrong = lines_of(errors)
    assert all(wrong[i]["sentence"] < wrong[i + 1]["sentence"] for i in range(len(wrong) - 1))
    missed = sum(len(record["errors"].get("relations", {}).get("missed", ())) for record in wrong)
    assert missed == round((1 - printed["relations/exact_recall"]) * 117)


def test_evaluate_writes_to_a_file(trained, dev, tmp_path, capsys):
    assert run("evaluate", trained, dev, "--output-file", tmp_path / "m.json", "--batch-size", 7) == 0
    assert capsys.readouterr().out == ""
    assert "relations/partial_f1" in json.loads((tmp_path / "m.json").read_text())


@pytest.mark.usefixtures("needs_bf16")
def test_mixed_precision(trained, dev, tmp_path, capsys):
    losses, scores = [], []
    text = tmp_path / "in.jsonl"
    text.write_text('{"text": "Umar Silva was born in Bergen."}')
    for name in ("no", "bf16"):
        assert run("evaluate", trained, dev, "--mixed-precision", name) == 0
        losses.append(json.loads(capsys.readouterr().out)["loss"])
        assert run("predict", trained, text, "--mixed-precision", name) == 0
        spans = json.loads(capsys.readouterr().out)["annotations"]["entities"]["spans"]
        scores.append([span["score"] for span in spans])
    for exact, fast in (losses, scores):
        assert exact != fast
        assert fast == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_what_this_machine_lacks_is_refused_first(command, dev, capsys, monkeypatch):
    monkeypatch.setattr(precision, "computes_in_bf16", lambda device: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert run(command, "nowhere", dev, "--mixed-precision", "bf16") == 2
    error = capsys.readouterr().err
    assert error.startswith('causal-mtl: error: --mixed-precision: this CPU cannot compute in "bf16"')
    assert run(command, "nowhere", dev, "--device", "cuda") == 2
    assert "--device: torch finds no CUDA device here" in capsys.readouterr().err


def test_evaluate_on_no_data(trained, tmp_path, capsys):
    assert run("evaluate", trained, tmp_path / "nowhere.json") == 2
    assert "nowhere.json" in capsys.readouterr().err


def test_predict_stops(trained, sentences, tmp_path, capsys):
    output = tmp_path / "out.jsonl"
    output.write_text("of an earlier run")
    assert run("predict", trained, sentences, "--output-file", output) == 2
    assert "line 2: there are no tokens in this text" in capsys.readouterr().err
    assert output.read_text() == "of an earlier run"
    assert [record["id"] for record in lines_of(tmp_path / "out.jsonl.partial")] == [1]


def test_predict_skips(trained, sentences, tmp_path, capsys):
    output = tmp_path / "new" / "out.jsonl"
    assert (
        run("predict", trained, sentences, "--output-file", output, "--on-error", "skip", "--batch-size", 1)
        == 1
    )
    first, second, third = lines_of(output)
    assert (first["id"], third["id"]) == (1, 3)
    assert second == {"line": 2, "error": "there are no tokens in this text"}
    assert not list(output.parent.glob("*.partial"))
    assert "2 texts labelled, 1 lines skipped" in capsys.readouterr().err


def test_predict_compresses(trained, sentences, tmp_path):
    plain, packed = tmp_path / "out.jsonl", tmp_path / "out.jsonl.gz"
    for output in (plain, packed):
        assert run("predict", trained, sentences, "--output-file", output, "--on-error", "skip") == 1
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()


BAD_RECORDS = [
    ('{"text": "a", "half": "\\ud800"}', "half: the string has half of a surrogate pair"),
    ('{"text": "a", "n": [1, NaN]}', "n[1]: the number is NaN, infinite or too large"),
    ('{"text": "a", "n": {"b.c": 1e999}}', 'n["b.c"]: the number is NaN, infinite or too large'),
    ('{"text": "a", "n": 1' + "0" * 5000 + "}", "n: the number is NaN, infinite or too large"),
    ('{"text": "a", "n": ' + "[" * 500 + "]" * 500 + "}", "nested too deeply"),
    ('{"text": "a", "n": 1, "n": 2}', "the key 'n' is given twice"),
    ('{"tokens": ["a", " "]}', "tokens[1]: a token cannot be blank"),
    ('{"tokens": ["a\\nb"]}', "tokens[0]: a token cannot have a line break"),
    (
        '{"text": "a", "given": {"relations": {"relations": [], "mentions": {}}}}',
        "'mentions': expected a string",
    ),
    (
        '{"text": "a", "given": {"entities": {"spans": [{"start": 0, "end": 1, "label": " x"}]}}}',
        "begin or end",
    ),
]


def test_predict_takes_strict_json_only(trained, tmp_path):
    (tmp_path / "in.jsonl").write_text("".join(line + "\n" for line, _ in BAD_RECORDS))
    output = tmp_path / "out.jsonl"
    assert run("predict", trained, tmp_path / "in.jsonl", "--output-file", output, "--on-error", "skip") == 1
    found = lines_of(output)
    assert [record["line"] for record in found] == list(range(1, 1 + len(BAD_RECORDS)))
    for record, (_, message) in zip(found, BAD_RECORDS, strict=True):
        assert message in record["error"]


def test_predict_takes_what_readers_take(trained, tmp_path):
    records = [{"text": "Umar Silva was born in Bergen."}, {"text": ""}, {"tokens": ["Otto", "works"]}]
    text = json.dumps(records, indent=1)
    (tmp_path / "in.json").write_text(text)
    with gzip.open(tmp_path / "in.json.gz", "wt") as file:
        file.write(text)
    for name in ("in.json", "in.json.gz"):
        output = tmp_path / f"{name}.out"
        assert run("predict", trained, tmp_path / name, "--output-file", output, "--on-error", "skip") == 1
        first, second, third = lines_of(output)
        assert (first["text"], third["tokens"]) == (records[0]["text"], ["Otto", "works"])
        assert second == {"line": 5, "record": 2, "error": "there are no tokens in this text"}


def test_evaluate_says_what_validate_says(trained, tmp_path, capsys, caplog):
    spans = {"spans": [{"start": 0, "end": 1, "label": "entity"}, {"start": 0, "end": 4, "label": "thing"}]}
    record = {"text": "Umar Silva", "annotations": {"entities": spans}}
    data, reader = tmp_path / "gold.jsonl", '{"dataset_reader.type": "jsonl"}'
    data.write_text(json.dumps(record) + "\n" + json.dumps({"text": "Otto"}) + "\n")
    assert run("evaluate", trained, data, "-o", reader) == 2
    assert (
        "no sentence is annotated for the task 'relations' (annotated: entities)" in capsys.readouterr().err
    )
    with caplog.at_level(logging.WARNING):
        assert run("evaluate", trained, data, "-o", reader, "--tasks", "entities") == 0
    results = json.loads(capsys.readouterr().out)
    assert not [name for name in results if name.startswith("relations")]
    assert results["entities/recall"] == 0
    for message in ("1 of 2 entities could not be placed in the text", "labels that training never shows: thing",
                    "1 of 2 sentences are not annotated for 'entities'"):  # fmt: skip
        assert message in caplog.text
    assert run("evaluate", trained, data, "-o", reader, "--tasks", "entitis") == 2
    assert (
        "the model has no task 'entitis'; did you mean 'entities'? (tasks: entities, relations)"
        in capsys.readouterr().err
    )


def test_train_refuses_gold_that_it_does_not_understand(config, tmp_path, capsys):
    spert = {
        "tokens": ["A"],
        "entities": [{"type": "x", "start": 0, "end": 1}],
        "relations": [],
        "orig_id": 1,
    }
    (tmp_path / "spert.jsonl").write_text(json.dumps(spert))
    config.update(dataset_reader={"type": "jsonl"}, train_data_path=str(tmp_path / "spert.jsonl"))
    del config["model"]["embedder"]["characters"]
    (tmp_path / "c.json").write_text(json.dumps(config))
    assert run("train", tmp_path / "c.json", "-s", tmp_path / "run") == 2
    assert "spert.jsonl:1: this looks like SpERT: read it with" in capsys.readouterr().err


def test_predict_readable(trained, tmp_path, capsysbinary):
    (tmp_path / "in.jsonl").write_text('{"text": "\\"Hm,\\" said Umar Silva."}\n')
    assert run("predict", trained, tmp_path / "in.jsonl", "--readable") == 0
    assert b"entities: `` Hm" in capsysbinary.readouterr().out


def test_predict_from_standard_input(trained, monkeypatch, capsysbinary):
    text = io.TextIOWrapper(io.BytesIO(b'{"text": "Ann"}\n\n{"text": "Bob"}'))
    monkeypatch.setattr(sys, "stdin", text)
    assert run("predict", trained, "-") == 0
    assert [json.loads(line)["text"] for line in capsysbinary.readouterr().out.splitlines()] == ["Ann", "Bob"]


def test_predict_no_file(trained, capsys):
    assert run("predict", trained, "nowhere.jsonl") == 2
    assert "there is no file 'nowhere.jsonl'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--batch-size", "0"], ["--on-error", "ignore"]])
def test_predict_with_wrong_arguments(trained, arguments, capsys):
    with pytest.raises(SystemExit):
        run("predict", trained, "-", *arguments)
    assert arguments[0] in capsys.readouterr().err


def test_a_reader_that_has_seen_enough(trained, tmp_path):
    many = tmp_path / "many.jsonl"
    many.write_text('{"text": "Umar Silva was born in Bergen and works for Bluefin Energy."}\n' * 2000)
    command = f"{sys.executable} -m causal_mtl predict {trained} {many} --batch-size 8 | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["text"].startswith("Umar")
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_build_vocab(config_file, tmp_path, capsys):
    assert run("build-vocab", config_file, "-s", tmp_path / "vocabulary") == 0
    assert Vocabulary.from_files(tmp_path / "vocabulary").get_vocab_size("relations_labels") == 9
    assert "relations_labels: 9" in capsys.readouterr().out


def test_find_lr(config_file, capsys):
    assert run("find-lr", config_file, "--num-steps", 12, "--start-lr", 1e-4, "--end-lr", 0.1) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "learning rate\tloss"
    assert out[-1].startswith(("a rate to try: ", "the loss did not fall"))


def test_validate(config_file, capsys):
    assert run("validate", config_file, "--examples", 1) == 0
    out = capsys.readouterr().out
    assert "60 sentences" in out
    assert "example 1:" in out
    assert "example 2:" not in out
    assert "to be aware of" in out


def test_validate_finds_labels_that_a_task_cannot_take(config, tmp_path, capsys):
    reader = {"type": "jsonl", "token_indexers": {"tokens": {"type": "single_id"}}}
    model = {
        "type": "mtl",
        "embedder": {"tokens": {"type": "embedding", "embedding_dim": 4}},
        "tasks": [{"type": "single_label_classification", "name": "topics"}],
    }
    paths = {
        f"{split}_data_path": str(FIXTURES / f"jsonl/{name}.jsonl")
        for split, name in (("train", "train"), ("validation", "dev"))
    }
    trainer = {"num_epochs": 1, "validation_metric": "+topics/accuracy"}
    changed = {**config, **paths, "dataset_reader": reader, "model": model, "trainer": trainer}
    file = tmp_path / "topics.json"
    file.write_text(json.dumps(changed))
    assert run("validate", file) == 2
    assert "'topics' needs exactly one label a text, got 'business', 'family' for" in capsys.readouterr().err


def test_components(capsys):
    assert run("components") == 0
    out = capsys.readouterr().out
    for base in ("Model", "Task", "TokenEmbedder", "Trainer", "Predictor", "DatasetReader"):
        assert f"{base}\n" in out
    assert run("components", "Task", "relation_extraction") == 0
    assert "mentions" in capsys.readouterr().out
    assert run("components", "Tsak") == 2
    assert "Task" in capsys.readouterr().err


def test_evaluate_makes_the_directories_of_its_outputs(trained, dev, tmp_path, capfd):
    out = tmp_path / "a" / "metrics.json"
    assert (
        run("evaluate", trained, dev, "--output-file", out, "--predictions-output-file", tmp_path / "b" / "p")
        == 0
    )
    assert json.loads(out.read_text())["sentences"] == len(lines_of(tmp_path / "b" / "p"))
    assert run("evaluate", trained, dev, "--output-file", "-") == 0
    assert "sentences" in json.loads(capfd.readouterr().out)
    assert run("evaluate", "no-such-archive", dev, "--errors-output-file", tmp_path) == 2
    assert "--errors-output-file" in capfd.readouterr().err  # before the archive is looked for


def test_errors_of_data_with_a_task_that_the_model_lacks(trained, tmp_path):
    records = [
        {
            "tokens": ["Otto", "works"],
            "annotations": {
                "entities": {"spans": []},
                "relations": {"relations": []},
                "topics": {"labels": ["x"]},
            },
        }
    ]
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(record) + "\n" for record in records))
    errors = tmp_path / "errors.jsonl"
    reader = '{"dataset_reader.type": "jsonl"}'
    assert run("evaluate", trained, data, "-o", reader, "--errors-output-file", errors) == 0
    assert all("topics" not in line["errors"] for line in lines_of(errors))


def test_a_directory_as_a_config(tmp_path, capsys):
    assert run("train", tmp_path, "--dry-run") == 2
    assert "is a directory" in capsys.readouterr().err
