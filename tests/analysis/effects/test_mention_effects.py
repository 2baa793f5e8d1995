"""The type of one mention swapped: what becomes of the relations on it."""

from dataclasses import replace
from pathlib import Path

import pytest

from causal_mtl import train
from causal_mtl.analysis.effects import LabelQuestion, label_effects
from causal_mtl.data import DatasetReader

ASKED = {"source": "entities", "target": "relations", "samples": 50, "min_support": 1}


@pytest.fixture(scope="module", params=["BIO", "BIOUL"])
def run(request, tmp_path_factory):
    """Typed mentions, whose gold types reach the relations."""
    data = Path(__file__).parents[3] / "fixtures/conll04"
    config = {
        "dataset_reader": {"type": "conll04", "max_instances": 80},
        "train_data_path": str(data / "train.txt"),
        "validation_data_path": str(data / "dev.txt"),
        "model": {
            "type": "cmtl",
            "embedder": {"tokens": {"type": "embedding", "embedding_dim": 8}},
            "encoder": {"type": "cnn", "windows": [1], "filters": 8},
            "label_transfer": {"type": "lstm", "label_dim": 8},
            "label_sampler": "gold",
            "tasks": [
                {"type": "sequence_tagging", "name": "entities", "scheme": request.param},
                {"type": "relation_extraction", "name": "relations", "anchor": "last"},
            ],
        },
        "data_loader": {"batch_size": 8},
        "trainer": {
            "num_epochs": 12,
            "optimizer": {"type": "adam", "lr": 0.02},
            "validation_metric": "+relations/exact_f1",
        },
    }
    directory = tmp_path_factory.mktemp("mentions") / "run"
    train(config, directory)
    return directory, str(data / "dev.txt")


def effects(report, population="labelled"):
    rows = [row for row in report["effects"] if row["population"] == population]
    return {(row["label"], row["outcome"]): row["paths"]["total"]["effect"] for row in rows}


def test_types_have_effects_on_relations_in_both_roles(run):
    archive, data = run
    report = label_effects([archive], data, LabelQuestion(**ASKED))
    outcomes = {outcome for _, outcome in effects(report)}
    assert {outcome.rpartition(" ")[2] for outcome in outcomes} == {"(head)", "(tail)"}
    found = effects(report)
    assert max(map(abs, found.values())) > 0.02
    assert found["Peop", "works_for (head)"] > 0  # people work for companies, not the other way round
    assert found["Peop", "works_for (head)"] > found["Peop", "works_for (tail)"]
    for row in report["effects"]:
        paths = row["paths"]
        assert paths["total"]["effect"] == pytest.approx(
            paths["direct"]["effect"] + paths["indirect"]["effect"], abs=1e-9
        )
    assert report["units"] > report["texts"] / 2


def test_against_no_mention_at_all(run):
    archive, data = run
    report = label_effects([archive], data, LabelQuestion(**ASKED, against="(none)", split=False))
    assert all(row["against"] == {"(none)": 1.0} for row in report["effects"])
    assert list(report["effects"][0]["paths"]) == ["total"]


def test_mentions_that_cannot_be_set_are_counted(run, monkeypatch):
    """One mention of the data twice: neither is set."""
    archive, data = run
    question = LabelQuestion(**ASKED, split=False)
    before = label_effects([archive], data, question)
    assert before["units_left_out"] == 0
    read = DatasetReader.read

    def with_a_double(self, path):
        first, *others = read(self, path)
        gold = first.annotations["entities"]
        doubled = replace(gold, spans=(*gold.spans, replace(gold.spans[0], label="Other")))
        return iter([replace(first, annotations={**first.annotations, "entities": doubled}), *others])

    monkeypatch.setattr(DatasetReader, "read", with_a_double)
    after = label_effects([archive], data, question)
    assert (after["units"], after["units_left_out"]) == (before["units"] - 1, 2)
    assert any(text.startswith("2 of the gold of 'entities' are left out") for text in after["warnings"])


def test_p_of_a_type_is_that_of_its_tags(run):
    archive, data = run
    (overlap,) = label_effects([archive], data, LabelQuestion(**ASKED))["overlap"]
    assert overlap["entropy_bits"] >= 0
    assert 0 <= overlap["decided"] <= 1
    assert "(none)" in overlap["open"]
