import json
import random

import pytest

from causal_mtl import train
from causal_mtl.analysis.effects.label_effects import label_effects
from causal_mtl.analysis.effects.question import LabelQuestion
from causal_mtl.common import ConfigurationError

ASKED = {"source": "A", "target": "B", "samples": 200}


def effects(report, population="all", path="total"):
    return {
        (row["label"], row["outcome"]): row["paths"][path]["effect"]
        for row in report["effects"]
        if row["population"] == population
    }


def asked(archives, world, **options):
    return label_effects(archives, str(world / "dev.jsonl"), LabelQuestion(**{**ASKED, **options}))


def test_gold_labels_give_the_true_effect(of_world, world):
    report = asked([of_world(seed=seed) for seed in (1, 2, 3)], world, nulls=[("C", "")])
    for (label, outcome), effect in effects(report).items():
        truth = 0.5 if label[1] == outcome[1] else -0.25
        assert effect == pytest.approx(truth, abs=0.12)
    assert all(abs(row["paths"]["total"]["effect"]) < 0.12 for row in report["known_nulls"])
    assert all(row["above_null"] for row in report["effects"])
    assert all(row["found"] for row in report["effects"])
    assert len(report["effects"]) == 3 * 3 * 2
    for row in report["effects"]:
        parts = row["paths"]
        assert parts["total"]["effect"] == pytest.approx(
            parts["direct"]["effect"] + parts["indirect"]["effect"]
        )
        assert parts["total"]["low"] <= parts["total"]["effect"] <= parts["total"]["high"]
        assert len(row["by_model"]) == 3
    assert not any("decides" in text for text in report["warnings"])
    assert report["overlap"][0]["entropy_bits"] == pytest.approx(1.18, abs=0.2)


@pytest.mark.parametrize(("paths", "closed"), [("direct", "indirect"), ("indirect", "direct")])
def test_a_path_that_is_closed_has_no_effect(of_world, world, paths, closed):
    report = asked([of_world(paths, paths=paths)], world)
    assert all(value == 0 for value in effects(report, path=closed).values())
    assert effects(report, path=paths) == effects(report)
    assert max(effects(report).values()) > 0.3


def test_without_transfer_there_is_no_effect(of_world, world):
    report = asked([of_world("none", label_transfer="none", label_sampler=None)], world)
    assert set(effects(report).values()) == {0}
    assert not any(row["found"] for row in report["effects"])
    assert all(row["p"] == 1 for row in report["effects"])


def test_few_samples_are_said_to_be_too_few(of_world, world):
    few, enough = (asked([of_world(seed=1)], world, samples=n)["warnings"] for n in (200, 721))
    assert [text for text in few if "of 18 effects" in text and "--samples 721 is enough" in text]
    assert not [text for text in enough if "--samples" in text]


def renamed(record, names):
    """The labels of A, called otherwise."""
    for annotation in (record["annotations"].get("A"),):
        if annotation:
            annotation["labels"] = [names[label] for label in annotation["labels"]]
    return record


def rewritten(world, folder, change):
    """The data of the world with every record changed."""
    folder.mkdir()
    for name in ("train.jsonl", "dev.jsonl"):
        records = [json.loads(line) for line in (world / name).read_text().splitlines()]
        (folder / name).write_text("".join(json.dumps(r) + "\n" for r in change(records)))
    return folder


def test_permuted_names_permute_effects(of_world, world, tmp_path, unpack, renew_manifest):
    """The same model asked of data whose labels are called otherwise in the vocabulary."""
    names = {"a0": "a2", "a1": "a0", "a2": "a1"}
    plain = of_world(seed=1)
    other = tmp_path / "other"
    unpack(plain / "model.tar.gz", other)
    file = other / "vocabulary/A_labels.txt"
    file.write_text("".join(f"{names[line]}\n" for line in file.read_text().split()))
    renew_manifest(other)
    folder = rewritten(world, tmp_path / "data", lambda records: [renamed(r, names) for r in records])
    before, after = asked([plain], world), asked([other], folder)
    for population in ("all", "labelled"):
        expected = {(names[a], b): effect for (a, b), effect in effects(before, population).items()}
        assert effects(after, population) == pytest.approx(expected, abs=1e-6)


def width(report):
    """Of all intervals."""
    totals = [row["paths"]["total"] for row in report["effects"]]
    return sum(one["high"] - one["low"] for one in totals)


def test_models_on_bootstrap_samples_have_wider_intervals(of_world, world, tmp_path, changed):
    plain = [of_world(seed=seed) for seed in (1, 2, 3)]
    drawn = [changed(path, tmp_path / str(seed), train_bootstrap=True) for seed, path in enumerate(plain)]
    narrow, wide = (asked(models, world, samples=1000) for models in (plain, drawn))
    assert (narrow["resampled"], wide["resampled"]) == (False, True)
    assert effects(wide) == pytest.approx(effects(narrow))
    assert width(wide) > 1.5 * width(narrow)
    with pytest.raises(ConfigurationError, match="take models of one kind"):
        asked([plain[0], drawn[1]], world)


def test_gold_that_is_needed_and_not_there(of_world, world, tmp_path):
    """What evaluate refuses: gold that is to be set, and gold whose labels are to be counted."""

    def bare(records):
        return [{**record, "annotations": {}} for record in records]

    folder = rewritten(world, tmp_path / "data", bare)
    data = str(folder / "dev.jsonl")
    for options, task, frequencies in (
        ({"given_gold": ["C"]}, "C", None),
        ({"weights": "frequency"}, "A", data),
        ({"weights": "frequency"}, "A", None),
    ):
        question = LabelQuestion(**{**ASKED, **options})
        with pytest.raises(ConfigurationError, match=f"no sentence is annotated for the task '{task}'"):
            label_effects([of_world(seed=1)], data, question, frequencies_from=frequencies)


def test_texts_that_the_reader_leaves_out_are_said(of_world, world, tmp_path, changed, caplog):
    archive = changed(
        of_world(seed=1), tmp_path / "part", dataset_reader={"type": "jsonl", "max_instances": 9}
    )
    assert asked([archive], world)["texts"] == 9
    assert "9 sentences are read: `part` or `max_instances`" in caplog.text


def shuffled(records, seed):
    labels = [record["annotations"]["A"]["labels"] for record in records]
    random.Random(seed).shuffle(labels)
    for record, label in zip(records, labels, strict=True):
        record["annotations"]["A"]["labels"] = label
    return records


def test_shuffled_labels_find_nothing(of_world, world, tmp_path):
    """A of each text is that of another one, in another order for each model: no effect is found.

    Models of one order would share what chance put into it, which no interval over seeds knows.
    """
    archives = []
    for seed in (1, 2, 3):
        folder = rewritten(
            world, tmp_path / f"data{seed}", lambda records, seed=seed: shuffled(records, seed)
        )
        train(of_world.config(folder, seed), tmp_path / str(seed))
        archives.append(tmp_path / str(seed))
    report = asked(archives, folder)
    assert max(abs(effect) for effect in effects(report).values()) < 0.1
    assert not any(row["found"] for row in report["effects"])


def test_labels_that_do_not_exclude_each_other_stand_against_no_other(of_world, world, tmp_path):
    config = of_world.config(world)
    config["model"]["tasks"] = [
        {"type": "multi_label_classification", "name": "A", "parents": []},
        *config["model"]["tasks"][1:],
    ]
    config["trainer"]["num_epochs"] = 1
    train(config, tmp_path / "run")
    with pytest.raises(ConfigurationError, match="--against: labels of 'A' do not exclude each other"):
        asked([tmp_path / "run"], world, against="a1")
    rows = asked([tmp_path / "run"], world, labels=["a1"])["effects"]
    assert {tuple(row["against"]) for row in rows} == {("not a1",)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "X"}, "--source: the model has no task 'X'"),
        ({"target": "A"}, "labels of 'A' do not reach 'A'"),
        ({"against": "a9"}, "--against: the task 'A' has no label 'a9'"),
        ({"expected": True}, "--expected: the labels of the target are no numbers"),
    ],
)
def test_questions_that_have_no_answer(of_world, world, options, message):
    with pytest.raises(ConfigurationError, match=message):
        asked([of_world(seed=1)], world, **options)
