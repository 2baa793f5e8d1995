"""What a page asks of one record."""

import numpy as np
import pytest

from causal_mtl import load
from causal_mtl.analysis.effects import (
    Interventions,
    Text,
    label_probabilities,
    ngram_effects,
    of_record,
    word_effects,
)
from causal_mtl.common import ConfigurationError
from causal_mtl.data import WhitespaceTokenizer, from_json


@pytest.fixture(scope="module")
def world_model(of_world):
    return load(of_world())


@pytest.fixture(scope="module")
def text(world):
    import json

    return json.loads((world / "dev.jsonl").read_text().splitlines()[0])["text"]


@pytest.fixture(scope="module")
def mentions(trained):
    return load(trained)


def test_probabilities_are_those_of_the_prediction(world_model, text):
    found = label_probabilities(world_model, {"text": text})
    predicted = world_model.predict(text)["annotations"]
    assert set(found) == {"A", "B", "C"}
    for task, probabilities in found.items():
        assert sum(probabilities.values()) == pytest.approx(1)
        label = predicted[task]["labels"][0]
        assert max(probabilities, key=probabilities.get) == label
        assert probabilities[label] == pytest.approx(predicted[task]["scores"][0], abs=1e-5)


def test_what_is_given_changes_what_follows_and_not_what_the_model_would_say(world_model, text):
    of = {label: {"text": text, "given": {"A": {"labels": [label]}}} for label in ("a0", "a1")}
    found = {label: label_probabilities(world_model, record) for label, record in of.items()}
    assert found["a0"]["A"] == pytest.approx(found["a1"]["A"])
    assert found["a0"]["B"]["b0"] > found["a1"]["B"]["b0"] + 0.1
    assert found["a1"]["B"]["b1"] > found["a0"]["B"]["b1"] + 0.1


def test_without_labels_of_texts_there_is_nothing_to_ask(mentions):
    assert label_probabilities(mentions, {"text": "Alan Bean was born in Wheeler ."}) == {}


def test_effects_are_those_of_equation_11(world_model, text):
    found = word_effects(world_model, {"text": text}, "B", [1, 2])
    instance = from_json({"text": text}, WhitespaceTokenizer())
    expected = ngram_effects(Interventions(world_model.archive, ["B"]), Text("", instance, {}), [1, 2])[0]
    assert [one["name"] for one in found["outcomes"]] == [
        expected.outcomes[index] for index in np.argsort(-expected.probabilities)
    ]
    for outcome in found["outcomes"]:
        name = outcome["name"]
        assert outcome["by_token"] == pytest.approx(expected.by_token(name))
        strongest = expected.strongest(name, 10)
        assert [one["text"] for one in outcome["strongest"]] == [
            expected.words(expected.spans[index]) for index in strongest
        ]
        for one in outcome["strongest"]:
            assert text[one["start"] : one["end"]] == one["text"]


def test_what_is_given_in_part_is_completed_first(mentions):
    text = "Alan Bean was born in Wheeler ."
    label = mentions.model.tasks["entities"].label_names(mentions.archive.vocab)[0]
    given = {"spans": [{"start": 10, "end": 13, "label": label}], "partial": True}
    whole = mentions.predict({"text": text, "given": {"entities": given}})["annotations"]["entities"]
    assert len(whole["spans"]) > 1
    bare = [{key: span[key] for key in ("start", "end", "label")} for span in whole["spans"]]
    in_part, all_given = (
        word_effects(mentions, {"text": text, "given": {"entities": one}}, "relations", [1])
        for one in (given, {"spans": bare})
    )
    assert in_part == all_given


def test_too_many_ngrams_are_refused(world_model, text, monkeypatch):
    monkeypatch.setattr(of_record, "MOST_NGRAMS", 3)
    with pytest.raises(ConfigurationError, match="are too many to hide one by one, 3 are allowed"):
        word_effects(world_model, {"text": text}, "B", [1])


def test_probabilities_that_are_given_are_refused(world_model, text):
    given = {"A": {"labels": ["a0", "a1"], "probabilities": [0.5, 0.5]}}
    with pytest.raises(ConfigurationError, match=r"given\.A: expected labels without"):
        word_effects(world_model, {"text": text, "given": given}, "B", [1])


def test_a_text_without_tokens_is_refused(world_model):
    with pytest.raises(ConfigurationError, match="there are no tokens"):
        label_probabilities(world_model, {"text": " "})
