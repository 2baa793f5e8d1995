"""Gold labels of some tasks set in evaluation and prediction: the oracle rows of the CMTL paper."""

import json

import pytest

from causal_mtl.commands.main import main

ASPECTS = ["food", "ambiance", "service", "noise"]


def evaluated(directory, fixtures, capsys, *options):
    data = str(fixtures / "cebab/dev.json")
    assert main(["evaluate", str(directory), data, *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_given_tasks_are_not_scored_and_the_others_react(reviews, fixtures, capsys):
    plain = evaluated(reviews, fixtures, capsys)
    given = evaluated(reviews, fixtures, capsys, "--given-gold", *ASPECTS)
    assert "food/accuracy" in plain
    assert "food/accuracy" not in given
    assert given["given"]["food"] < given["sentences"] == 60  # not all are annotated
    assert given["rating/loss"] != plain["rating/loss"]


def test_without_label_transfer_nothing_reacts(reviews_without_transfer, fixtures, capsys):
    plain = evaluated(reviews_without_transfer, fixtures, capsys)
    given = evaluated(reviews_without_transfer, fixtures, capsys, "--given-gold", *ASPECTS)
    ratings = ["rating/loss", "rating/accuracy", "rating/macro_f1"]
    # Rounding aside: texts that differ in what is annotated are in batches of their own.
    assert {name: given[name] for name in ratings} == pytest.approx({name: plain[name] for name in ratings})


def test_gold_mentions_are_found_and_relations_hang_on_them(trained, fixtures, capsys):
    data = str(fixtures / "triples/dev.json")
    assert main(["evaluate", str(trained), data, "--given-gold", "entities"]) == 0
    given = json.loads(capsys.readouterr().out)
    assert given["given"] == {"entities": 60}
    assert "entities/f1" not in given
    assert main(["evaluate", str(trained), data]) == 0
    assert given["relations/exact_recall"] >= json.loads(capsys.readouterr().out)["relations/exact_recall"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--given-gold", "foods"], "--given-gold: the model has no task 'foods'; did you mean 'food'?"),
        (
            ["--given-gold", "food", "--tasks", "food"],
            "--tasks: 'food' is given, so there is nothing to score",
        ),
        (["--given-gold", *ASPECTS, "rating"], "all tasks are given, so there is nothing to score"),
    ],
)
def test_mistakes(reviews, fixtures, capsys, options, message):
    assert main(["evaluate", str(reviews), str(fixtures / "cebab/dev.json"), *options]) == 2
    assert message in capsys.readouterr().err


@pytest.fixture
def gold(tmp_path, fixtures, reviews):
    """The development data in the library's own schema."""
    path = tmp_path / "gold.jsonl"
    reader = json.dumps({"type": "cebab", "tokenizer": "whitespace"})
    assert main(["convert", str(fixtures / "cebab/dev.json"), str(path), "--reader", reader]) == 0
    return path


def predicted(directory, data, tmp_path, *options):
    output = tmp_path / "out.jsonl"
    status = main(["predict", str(directory), str(data), "--output-file", str(output), *options])
    return status, [json.loads(line) for line in output.read_text().splitlines()]


def with_food(gold):
    records = [json.loads(line) for line in gold.read_text().splitlines()]
    return [record for record in records if "food" in record["annotations"]]


def test_predict_keeps_gold_and_what_a_person_gives_goes_before(reviews, gold, tmp_path):
    records = with_food(gold)
    records[0]["given"] = {"food": {"labels": ["unknown"]}}
    gold.write_text("".join(json.dumps(record) + "\n" for record in records))
    status, found = predicted(reviews, gold, tmp_path, "--given-gold", "food")
    assert status == 0
    assert found[0]["annotations"]["food"] == {"labels": ["unknown"]}
    for one, record in zip(found[1:], records[1:], strict=True):
        assert one["annotations"]["food"] == record["annotations"]["food"]
    _, plain = predicted(reviews, gold, tmp_path)
    scores = [[r["annotations"]["rating"]["scores"] for r in run] for run in (found, plain)]
    assert scores[0] != scores[1]


def test_a_record_without_the_gold_is_an_error_with_its_line(reviews, gold, tmp_path, capsys):
    lines = [json.dumps(record) for record in with_food(gold)[:2]]
    gold.write_text("\n".join([lines[0], '{"text": "Good soup."}', lines[1]]))
    assert main(["predict", str(reviews), str(gold), "--given-gold", "food"]) == 2
    assert "line 2: annotations.food: is missing, but --given-gold wants it" in capsys.readouterr().err
    status, found = predicted(reviews, gold, tmp_path, "--given-gold", "food", "--on-error", "skip")
    assert (status, len(found)) == (1, 3)
