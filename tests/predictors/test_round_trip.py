"""What `predict` writes can be read back as gold, whatever text comes in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_mtl import load
from causal_mtl.commands.output import as_line
from causal_mtl.common import ConfigurationError
from causal_mtl.data import Span, SpanAnnotation, WhitespaceTokenizer, from_json
from causal_mtl.predictors import InputError

PIECES = [
    "Umar Silva",
    "was born in",
    "Bergen",
    "``",
    "''",
    '"',
    "“",
    "”",
    " ",
    "\n",
    "\t",
    "\xa0",
    ".",
    "-",
    "don't",
    "é",
    "e\u0301",
    "𝕏",
    "\u200b",
    "\x00",
    "\ud800",
    "@@NEWLINE@@",
    "https://a.b/c?d",
    "9.30",
    ")",
    "(",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=12).map("".join)
RECORDS = st.one_of(
    st.fixed_dictionaries({"text": TEXTS}),
    st.fixed_dictionaries({"tokens": st.lists(TEXTS, min_size=1, max_size=6)}),
    st.fixed_dictionaries({"text": TEXTS, "more": st.floats() | st.integers() | st.lists(TEXTS, max_size=2)}),
)


@pytest.fixture(scope="module")
def predictor(trained):
    return load(trained)


def nan_is_no_json(constant):
    raise AssertionError(constant)


@settings(deadline=None)
@given(RECORDS)
def test_predictions_are_strict_json_and_gold(predictor, record):
    try:
        predicted = predictor.predict(record)
    except InputError:
        return
    line = as_line(predicted).decode("utf-8")
    again = json.loads(line, parse_constant=nan_is_no_json)
    assert {key: again[key] for key in record} == record
    instance = from_json(again, WhitespaceTokenizer())
    assert not instance.notes
    assert predictor.instance_to_json(instance, instance.annotations) == predicted


@settings(deadline=None)
@given(TEXTS)
def test_text_that_utf8_can_hold_is_labelled_if_it_has_a_token(predictor, text):
    usable = "\ud800" not in text and not any(0xD800 <= ord(char) < 0xE000 for char in text)
    if usable and text.strip() and "@@NEWLINE@@" not in text:
        assert predictor.predict(text)["text"] == text
    else:
        with pytest.raises(InputError, match=r"no tokens|surrogate|escape"):
            predictor.predict(text)


def test_scores_that_are_not_finite_are_no_prediction(predictor, monkeypatch):
    def annotate(instances):
        return [{"entities": SpanAnnotation((Span(0, 1, "entity", float("nan")),))} for _ in instances]

    monkeypatch.setattr(predictor, "annotate", annotate)
    with pytest.raises(InputError, match="scores for this text are not finite"):
        predictor.predict("Umar Silva was born in Bergen .")
    (record,) = predictor.predict_jsonl(['{"text": "Umar Silva"}'], on_error="skip")
    assert record == {"line": 1, "error": "the model's scores for this text are not finite"}


def test_what_a_predictor_of_ones_own_makes_must_be_json():
    with pytest.raises(ConfigurationError, match=r"a\[0\]: the number is NaN"):
        as_line({"a": [float("nan")]})
    with pytest.raises(ConfigurationError, match="a: expected JSON, got set"):
        as_line({"a": {1}})
