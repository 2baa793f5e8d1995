"""The demos of the three scenarios: trained on the bundled data in seconds, they label new texts sensibly."""

from pathlib import Path

import pytest

from causal_mtl import load, train

ROOT = Path(__file__).parents[1]


@pytest.fixture
def demo(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)

    def trained(name):
        return load(train(f"training_config/demo/{name}.jsonnet", tmp_path / name).archive)

    return trained


def test_entities_and_their_relations(demo):
    record = demo("entities_relations").predict(
        "Maria Keller was born in Lyon and works for Lumen Robotics ."
    )
    text, found = record["text"], record["annotations"]
    spans = {(text[s["start"] : s["end"]], s["label"]) for s in found["entities"]["spans"]}
    assert spans == {("Maria Keller", "Peop"), ("Lyon", "Loc"), ("Lumen Robotics", "company")}
    relations = {
        (text[r["head"]["start"] : r["head"]["end"]], r["label"], text[r["tail"]["start"] : r["tail"]["end"]])
        for r in found["relations"]["relations"]
    }
    assert relations == {("Maria Keller", "born_in", "Lyon"), ("Maria Keller", "works_for", "Lumen Robotics")}


def test_aspect_terms_and_categories(demo):
    record = demo("aspects").predict("The pizza was great, but the waiter was rude.")
    spans = record["annotations"]["aspect_terms"]["spans"]
    assert [record["text"][span["start"] : span["end"]] for span in spans] == ["pizza", "waiter"]
    assert set(record["annotations"]["aspect_categories"]["labels"]) == {"food", "service"}


def test_article_charge_and_term(demo):
    text = "经审理查明：2015年1月，被告人吴某酒后驾驶小型轿车行驶至新华路被查获，血液中酒精含量为97mg/100ml。"
    found = demo("law").predict(text)["annotations"]
    assert found["article"]["labels"] == ["133"]
    assert found["charge"]["labels"] == ["危险驾驶"]
    assert len(found["term"]["labels"]) == 1


def test_a_rating_follows_from_the_aspects_that_are_given(demo):
    predictor = demo("reviews")
    text = "The soup was delicious. Our waiter ignored us."
    ratings = {
        label: predictor.predict({"text": text, "given": {"service": {"labels": [label]}}})
        for label in ("Positive", "Negative")
    }
    stars = {label: int(record["annotations"]["rating"]["labels"][0]) for label, record in ratings.items()}
    assert stars["Positive"] > stars["Negative"]
