import itertools
import json
import re

import pytest

from causal_mtl import load
from causal_mtl.common import ConfigurationError
from causal_mtl.data import Span, SpanAnnotation, Token
from causal_mtl.data.schema import from_json
from causal_mtl.data.tokenizers import WhitespaceTokenizer
from causal_mtl.nn import precision
from causal_mtl.predictors import InputError, Predictor

TEXT = "Umar Silva was born in Bergen and works for Bluefin Energy."


@pytest.fixture(scope="module")
def predictor(trained):
    return load(trained, batch_size=4)


def spans(record, task="entities"):
    return [span["text"] for span in record["annotations"][task]["spans"]]


def test_raw_text(predictor):
    record = predictor.predict(TEXT)
    assert record["text"] == TEXT
    assert record["tokens"][-2:] == ["Energy", "."]
    assert list(record["annotations"]) == ["entities", "relations"]
    assert spans(record)
    for span in record["annotations"]["entities"]["spans"]:
        assert TEXT[span["start"] : span["end"]] == span["text"]
        assert 0 < span["score"] <= 1


def test_tokens_text_and_other_fields(predictor):
    words = TEXT.replace(".", " .").split()
    by_tokens = predictor.predict({"tokens": words, "id": 7, "more": {"a": [None]}})
    assert by_tokens["text"] == " ".join(words)
    assert by_tokens["id"] == 7
    assert by_tokens["more"] == {"a": [None]}
    by_both = predictor.predict({"tokens": words, "text": TEXT})
    assert by_both["text"] == TEXT
    assert by_both["tokens"] == words
    assert spans(by_both) == spans(by_tokens) == spans(predictor.predict(TEXT))


def test_gold_in_the_input_is_not_looked_at(predictor):
    gold = {"text": TEXT, "annotations": {"entities": {"spans": []}, "other": {"labels": ["x"]}}}
    assert predictor.predict(gold) == predictor.predict(TEXT)


def test_what_comes_out_can_be_read_back(predictor):
    record = predictor.predict({"text": TEXT, "id": 1})
    instance = from_json(json.loads(json.dumps(record)), WhitespaceTokenizer())
    assert predictor.instance_to_json(instance, instance.annotations) == record


def test_labels_that_are_given_are_kept(predictor):
    given = {
        "entities": {
            "spans": [{"start": 23, "end": 29, "label": "entity"}, {"tokens": [0, 1], "label": "entity"}]
        }
    }
    record = predictor.predict({"text": TEXT, "given": given})
    assert spans(record) == ["Bergen", "Umar"]
    assert "score" not in record["annotations"]["entities"]["spans"][0]
    assert record["given"] == given
    ends = {
        r[end]["text"] for r in record["annotations"]["relations"]["relations"] for end in ("head", "tail")
    }
    assert ends <= {"Bergen", "Umar"}


def test_given_relations_leave_the_mentions_to_the_model(predictor):
    given = {
        "relations": {
            "relations": [{"label": "born in", "head": {"tokens": [0, 2]}, "tail": {"tokens": [5, 6]}}]
        }
    }
    record = predictor.predict({"text": TEXT, "given": given})
    assert spans(record) == spans(predictor.predict(TEXT))
    assert [r["label"] for r in record["annotations"]["relations"]["relations"]] == ["born in"]


def place(word, label="entity"):
    start = TEXT.index(word)
    return {"start": start, "end": start + len(word), "label": label}


def test_a_mention_of_several_is_given_and_the_rest_is_predicted(predictor):
    plain = predictor.predict(TEXT)
    assert "Umar Silva" in spans(plain)
    assert "born" not in spans(plain)
    given = {"entities": {"spans": [place("born")], "partial": True}}
    found = predictor.predict({"text": TEXT, "given": given})
    assert sorted(spans(found)) == sorted([*spans(plain), "born"])
    scores = {span["text"]: span.get("score") for span in found["annotations"]["entities"]["spans"]}
    assert scores["born"] is None
    assert all(score for word, score in scores.items() if word != "born")
    whole = [{k: s[k] for k in ("start", "end", "label")} for s in found["annotations"]["entities"]["spans"]]
    by_hand = predictor.predict({"text": TEXT, "given": {"entities": {"spans": whole}}})
    assert by_hand["annotations"]["relations"] == found["annotations"]["relations"]


def test_a_predicted_mention_gives_way_to_a_given_one_that_it_overlaps(predictor):
    given = {"entities": {"spans": [place("Silva")], "partial": True}}
    found = spans(predictor.predict({"text": TEXT, "given": given}))
    assert "Silva" in found
    assert "Umar Silva" not in found


def test_one_relation_is_given_and_the_rest_is_predicted(predictor):
    plain = predictor.predict(TEXT)["annotations"]
    ends = {"head": place("Umar Silva"), "tail": place("Bluefin Energy")}
    given = {"relations": {"relations": [{"label": "works for", **ends}], "partial": True}}
    found = predictor.predict({"text": TEXT, "given": given})["annotations"]
    assert found["entities"] == plain["entities"]
    triples = [[(r["label"], r["head"]["text"], r["tail"]["text"]) for r in a["relations"]["relations"]]
               for a in (plain, found)]  # fmt: skip
    assert triples[1][0] == ("works for", "Umar Silva", "Bluefin Energy")
    assert set(triples[1]) == {*triples[0], triples[1][0]}


def test_partial_and_whole_and_none_together(predictor):
    partial = {"entities": {"spans": [place("born")], "partial": True}}
    whole = {"entities": {"spans": [place("born")]}}
    records = [{"text": TEXT, "given": given} for given in (partial, whole, None)]
    together = predictor.predict_batch(records)
    for record, found in zip(records, together, strict=True):
        assert spans(found) == spans(predictor.predict(record))


def test_given_and_not_given_together(predictor):
    given = {"entities": {"spans": [{"start": 23, "end": 29, "label": "entity"}]}}
    mixed = [
        {"text": TEXT},
        {"text": TEXT, "given": given},
        {"text": "Lyon is a city in France ."},
        {"text": TEXT},
    ]
    records = predictor.predict_batch(mixed)
    assert [record["text"] for record in records] == [record["text"] for record in mixed]
    assert records[0] == records[3] == predictor.predict(TEXT)
    assert spans(records[1]) == ["Bergen"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"entitis": {"spans": []}}, "given.entitis: the model has no such task .tasks: entities, relations"),
        ([], "given: expected an object"),
        (
            {"entities": {"spans": [], "partial": 1}},
            r"given\.entities\.partial: expected true or false, got 1",
        ),
        (
            {"entities": {"spans": [place("Umar Silva"), place("Silva")]}},
            r"given\.entities: 'Umar Silva' \(entity\) and 'Silva' \(entity\) overlap",
        ),
        (
            {
                "entities": {"spans": [place("Bergen")]},
                "relations": {
                    "relations": [{"label": "born in", "head": place("Silva"), "tail": place("Bergen")}]
                },
            },
            r"given\.relations: 'born in': 'Silva' is none of the mentions of 'entities', which are given too",
        ),
        ({"entities": {"labels": ["x"]}}, "given.entities: expected spans"),
        (
            {"entities": {"spans": [{"start": 0, "end": 3, "label": "entity"}]}},
            "not on the boundaries of tokens",
        ),
        ({"entities": {"spans": [{"start": 0, "end": 4, "label": "x"}]}}, "no label 'x' .it knows entity"),
        (
            {"entities": {"spans": [{"start": 0, "end": 999, "label": "entity"}]}},
            r"given\.entities\.spans\[0\]",
        ),
    ],
)
def test_labels_that_cannot_be_given(predictor, given, message):
    with pytest.raises(InputError, match=message):
        predictor.predict({"text": TEXT, "given": given})


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({}, "give 'text' or 'tokens'"),
        ({"text": 3}, "text: expected a string"),
        ({"text": " \n"}, "no tokens"),
        ({"tokens": []}, "no tokens"),
        ({"tokens": "a b"}, "tokens: expected a list"),
        ({"tokens": ["a"], "text": "b"}, "tokens"),
        ([], "expected an object"),
    ],
)
def test_records_that_cannot_be_predicted(predictor, record, message):
    with pytest.raises(InputError, match=message):
        predictor.predict(record)


def test_a_bad_record_of_several_is_numbered(predictor):
    with pytest.raises(InputError, match="record 1: "):
        predictor.predict_batch([TEXT, ""])


def test_batches_change_nothing(predictor, trained):
    texts = [" ".join(TEXT.split()[: 1 + n % 9]) for n in range(40)]
    alone = [predictor.predict(text) for text in texts]
    together = load(trained, batch_size=7).predict_batch(texts)
    for one, other in zip(alone, together, strict=True):
        assert one["text"] == other["text"]
        assert spans(one) == spans(other)


@pytest.mark.usefixtures("needs_bf16")
def test_mixed_precision_moves_scores_a_little(predictor, trained):
    fast = load(trained, mixed_precision="bf16").predict(TEXT)
    exact = predictor.predict(TEXT)
    assert spans(fast) == spans(exact)
    scores = [
        [span["score"] for span in record["annotations"]["entities"]["spans"]] for record in (fast, exact)
    ]
    assert scores[0] != scores[1]
    assert scores[0] == pytest.approx(scores[1], abs=0.05)


def test_a_precision_that_this_machine_lacks_is_refused_first(monkeypatch, trained):
    monkeypatch.setattr(precision, "computes_in_bf16", lambda device: False)
    with pytest.raises(ConfigurationError, match=r'cannot compute in "bf16"'):
        load("nowhere", mixed_precision="bf16")
    assert load(trained, mixed_precision="auto").annotator.mixed_precision == "no"


def lines(*records):
    return [json.dumps(record) + "\n" for record in records]


def test_lines_come_out_in_order(predictor):
    records = [{"text": TEXT[: 10 + n % 40], "n": n} for n in range(150)]
    found = list(predictor.predict_jsonl(lines(*records)))
    assert [record["n"] for record in found] == list(range(150))
    assert all(record["text"] == given["text"] for record, given in zip(found, records, strict=True))


def test_lines_are_read_as_they_are_needed(predictor):
    taken = itertools.count()
    endless = (json.dumps({"text": TEXT, "n": next(taken)}) for _ in itertools.repeat(None))
    found = predictor.predict_jsonl(endless)
    assert [next(found)["n"] for _ in range(3)] == [0, 1, 2]
    assert next(taken) <= 16 * predictor.batch_size


def test_stop_at_a_bad_line(predictor):
    found = predictor.predict_jsonl(
        [*lines({"text": "a"}, {"text": "b"}), "\n", "{bad\n", *lines({"text": "c"})]
    )
    assert [next(found)["text"], next(found)["text"]] == ["a", "b"]
    with pytest.raises(InputError, match="line 4: malformed JSON"):
        next(found)


def test_skip_bad_lines(predictor):
    bad = [b"\xff\n", b"[1]\n", b'{"text": ""}\n', b'"text"\n', b"[" * 100000, b"{}\n"]
    given = [b'{"text": "a", "n": 0}\n', *bad, b'\xef\xbb\xbf{"text": "b", "n": 1}\n']
    found = list(predictor.predict_jsonl(given, on_error="skip"))
    assert found[0]["n"] == 0
    assert found[-1]["n"] == 1
    assert [record["line"] for record in found[1:-1]] == [2, 3, 4, 5, 6, 7]
    assert all(record.keys() == {"line", "error"} for record in found[1:-1])


def test_nothing_in_nothing_out(predictor):
    assert predictor.predict_batch([]) == []
    assert list(predictor.predict_jsonl([])) == []


def test_a_predictor_of_ones_own(trained):
    @Predictor.register("only_texts", exist_ok=True)
    class OnlyTexts(Predictor):
        def instance_to_json(self, instance, annotations):
            return {"mentions": [instance.span_text(span) for span in annotations["entities"].spans]}

    assert list(load(trained, predictor="only_texts").predict(TEXT)) == ["mentions"]
    with pytest.raises(ConfigurationError, match="only_texts"):
        load(trained, predictor="only_text")


def test_tokens_that_are_known_are_not_tokenized_again(predictor, monkeypatch):
    monkeypatch.setattr(predictor.archive.reader, "tokenizer", None)
    text = " Umar  Silva was born in Bergen."
    tokens = [
        Token(word, (start := text.index(word)), start + len(word)) for word in re.findall(r"\w+|\.", text)
    ]
    bad = [Token("two\nlines", 0, 9)]
    empty, found, refused = predictor.annotate_tokens([("", []), (text, tokens), ("two\nlines", bad)])
    assert isinstance(empty, InputError)
    assert "no tokens" in str(empty)
    assert isinstance(refused, InputError)
    assert "tokens[0]: a token cannot have a line break" in str(refused)
    by_words = predictor.predict({"text": text, "tokens": [token.text for token in tokens]})
    assert len(found["entities"].spans) == len(by_words["annotations"]["entities"]["spans"]) > 0


def test_scores_of_known_tokens_that_are_not_finite(predictor, monkeypatch):
    spans = SpanAnnotation((Span(0, 1, "entity", float("nan")),))
    monkeypatch.setattr(predictor, "annotate", lambda instances: [{"entities": spans} for _ in instances])
    (found,) = predictor.annotate_tokens([("x", [Token("x", 0, 1)])])
    assert "not finite" in str(found)


def test_a_short_text_is_not_padded_to_a_long_one(trained, monkeypatch):
    predictor = load(trained)
    shapes = []
    forward = type(predictor.model).forward

    def watched(model, batch, labels=None):
        shapes.append((len(batch), batch.mask.shape[1], int(batch.mask.sum(1).min())))
        return forward(model, batch, labels)

    monkeypatch.setattr(type(predictor.model), "forward", watched)
    words = "Ann was born in Rome and lives there ."
    texts = ["Ann lives .", " ".join([words] * 20), words, " ".join([words] * 19), "Rome ."]
    found = predictor.predict_batch(texts)
    assert [record["text"] for record in found] == texts
    assert shapes == [(2, 180, 171), (3, 9, 2)]
    monkeypatch.setattr("causal_mtl.predictors.annotator.MOST_PIECES", 200)
    shapes.clear()
    assert [record["text"] for record in predictor.predict_batch(texts)] == texts
    assert shapes == [(1, 180, 180), (1, 171, 171), (3, 9, 2)]
