"""The routes, asked without a browser."""

import json

import pytest

pytest.importorskip("starlette", reason="needs causal-mtl[page]")
pytest.importorskip("httpx", reason="needs httpx (extra [dev])")

from starlette.testclient import TestClient

from causal_mtl.integrations.page.app import STATIC, make_app
from causal_mtl.integrations.page.body import MAX_BYTES, MAX_CHARACTERS
from causal_mtl.integrations.page.checks import hosts

REVIEW = "The soup was delicious. Our waiter ignored us."
BASE = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def client(reviews, mentions):
    return TestClient(
        make_app([reviews, mentions], hosts(8000)), base_url=BASE, raise_server_exceptions=False
    )


@pytest.fixture
def ask(client):
    """The status and the JSON of an answer."""

    def asked(path, **body):
        answer = client.post(f"/api/models/{path}", json=body)
        return answer.status_code, answer.json()

    return asked


def test_the_page_comes_with_its_files_and_nothing_else(client):
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for path in STATIC.iterdir():
        if path.name != "index.html":
            assert client.get(f"/{path.name}").content == path.read_bytes(), path
    assert client.get("/main.js").headers["content-type"] == "text/javascript; charset=utf-8"
    for other in ("/app.py", "/../app.py", "/%2e%2e/app.py", "/static/main.js", "/api", "/docs"):
        assert client.get(other).status_code == 404, other


def test_every_answer_says_that_nothing_is_loaded_from_elsewhere(client):
    answers = [client.get("/"), client.get("/nothing"), client.get("/", headers={"host": "evil.example"})]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_file_of_the_page_names_another_host():
    for path in STATIC.iterdir():
        content = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in content, path
        assert "https:" not in content, path
        for written in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert written not in content, path


def test_models_and_their_tasks_in_order(client):
    reviews, mentions = client.get("/api/models").json()["models"]
    assert reviews["name"] == "reviews"
    assert [task["name"] for task in reviews["tasks"]] == ["food", "ambiance", "service", "noise", "rating"]
    rating = reviews["tasks"][-1]
    assert rating["kind"] == "labels"
    assert rating["exclusive"]
    assert rating["parents"] == ["food", "ambiance", "service", "noise"]
    entities, relations = mentions["tasks"]
    assert (entities["kind"], relations["kind"]) == ("spans", "relations")
    assert relations["mentions"] == "entities"
    assert not entities["overlaps"]


def test_labels_with_the_probabilities_of_all(ask):
    status, answer = ask("0/predict", text=REVIEW)
    assert status == 200
    rating = answer["record"]["annotations"]["rating"]
    probabilities = answer["probabilities"]["rating"]
    assert sum(probabilities.values()) == pytest.approx(1)
    assert max(probabilities, key=probabilities.get) == rating["labels"][0]
    assert probabilities[rating["labels"][0]] == pytest.approx(rating["scores"][0], abs=1e-5)
    assert [REVIEW[start:end] for start, end in answer["offsets"]] == answer["record"]["tokens"]


def test_what_is_given_stays_and_others_follow(ask):
    found = {}
    for label in ("Positive", "Negative"):
        status, answer = ask("0/predict", text=REVIEW, given={"food": {"labels": [label]}})
        assert status == 200
        assert answer["record"]["annotations"]["food"] == {"labels": [label]}
        found[label] = sum(int(star) * p for star, p in answer["probabilities"]["rating"].items())
    assert found["Positive"] > found["Negative"] + 0.1


def test_mentions_given_in_part(ask, mentions):
    text = "Alan Bean was born in Wheeler ."
    label = mentions.describe()["tasks"][0]["labels"][0]
    given = {"entities": {"spans": [{"start": 0, "end": 4, "label": label}], "partial": True}}
    status, answer = ask("1/predict", text=text, given=given)
    assert status == 200
    spans = answer["record"]["annotations"]["entities"]["spans"]
    assert (0, 4) in {(span["start"], span["end"]) for span in spans}
    assert answer["probabilities"] == {}


def test_offsets_count_characters(ask):
    text = "😀 The soup 𠮷"
    _, answer = ask("0/predict", text=text)
    assert [text[start:end] for start, end in answer["offsets"]] == ["😀", "The", "soup", "𠮷"]


def test_words_and_their_effects(ask):
    status, answer = ask("0/effects", text=REVIEW, target="rating", n=2)
    assert status == 200
    assert answer["target"] == "rating"
    probabilities = [outcome["probability"] for outcome in answer["outcomes"]]
    assert probabilities == sorted(probabilities, reverse=True)
    for outcome in answer["outcomes"]:
        assert len(outcome["by_token"]) == 8
        for gram in outcome["strongest"]:
            assert REVIEW[gram["start"] : gram["end"]] == gram["text"]


MISTAKES = {
    "task": ({"given": {"fod": {"labels": ["Positive"]}}}, "given.fod: the model has no such task"),
    "label": ({"given": {"food": {"labels": ["Good"]}}}, "given.food: the model knows no label 'Good'"),
    "two labels": ({"given": {"food": {"labels": ["Positive", "Negative"]}}}, "exactly one label"),
    "given": ({"given": [1]}, "given: expected"),
    "no text": ({"text": " "}, "text: there is none"),
    "a number": ({"text": 3}, "text: there is none"),
    "a key": ({"archive": "/etc/passwd"}, "'archive' is an unknown key"),
    "tokens": ({"tokens": ["a"]}, "'tokens' is an unknown key"),
    "long": ({"text": "a" * (MAX_CHARACTERS + 1)}, "20,001 characters are too many"),
}


@pytest.mark.parametrize(("body", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_said(ask, body, message):
    status, answer = ask("0/predict", **{"text": REVIEW, **body})
    assert status == 400
    assert message in answer["error"]


EFFECT_MISTAKES = {
    "task": ({"target": "ratin"}, "target: the model has no task 'ratin'; did you mean 'rating'?"),
    "no task": ({}, "target: the model has no task None"),
    "a list": ({"target": ["rating"]}, "target: the model has no task ['rating']"),
    "length": ({"target": "rating", "n": 9}, "n: expected a whole number from 1 to 8, got 9"),
    "truth": ({"target": "rating", "n": True}, "n: expected a whole number"),
    "many": ({"target": "rating", "text": "a " * 800}, "2,397 n-grams of 800 tokens are too many"),
}


@pytest.mark.parametrize(("body", "message"), EFFECT_MISTAKES.values(), ids=EFFECT_MISTAKES)
def test_mistakes_about_effects_are_said(ask, body, message):
    status, answer = ask("0/effects", **{"text": REVIEW, **body})
    assert status == 400
    assert message in answer["error"]


def test_a_model_that_is_not_there(ask):
    assert ask("2/predict", text="a") == (404, {"error": "there is no model 2: 2 are served, from 0"})


def test_bodies_that_are_no_json(client):
    for body, message in (
        (b'{"text": NaN}', "not JSON"),
        (b'{"text": "a", "text": "b"}', "given twice"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "expected an object, got list"),
        (b'{"text": "\\ud800"}', "not JSON"),
    ):
        answer = client.post(
            "/api/models/0/predict", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400, body[:20]
        assert message in answer.json()["error"], body[:20]


def test_large_bodies_are_not_read(client):
    read = []

    def chunks():
        for number in range(100):
            read.append(number)
            yield b" " * (MAX_BYTES // 4)

    answer = client.post(
        "/api/models/0/predict", content=chunks(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert "1,048,576 bytes" in answer.json()["error"]


def test_strangers_are_refused(client):
    body = {"json": {"text": REVIEW}}
    assert client.get("/", headers={"host": "evil.example:8000"}).status_code == 400
    answer = client.post("/api/models/0/predict", headers={"origin": "http://evil.example"}, **body)
    assert answer.status_code == 403
    assert "another site" in answer.json()["error"]
    form = client.post(
        "/api/models/0/predict", content=json.dumps(body["json"]), headers={"content-type": "text/plain"}
    )
    assert form.status_code == 415
    assert client.get("/api/models/0/predict").status_code == 405


def test_a_failure_is_said_without_its_details(client, reviews, monkeypatch):
    def fail(*_):
        raise RuntimeError("a path of this machine")

    monkeypatch.setattr(type(reviews), "predict", fail)
    answer = client.post("/api/models/0/predict", json={"text": REVIEW})
    assert answer.status_code == 500
    assert answer.json() == {"error": "this failed (RuntimeError); see the server's log"}
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
