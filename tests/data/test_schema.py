import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.data import (
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    SpacyTokenizer,
    Span,
    SpanAnnotation,
    WhitespaceTokenizer,
    from_json,
    to_json,
)
from causal_mtl.data.offsets import join_words, split_words

TEXT = "Ann Lee lives in Rome"


def parse(annotations=None, **record):
    record = {"text": TEXT, **record} if "tokens" not in record else record
    return from_json({**record, "annotations": annotations or {}}, WhitespaceTokenizer())


def test_all_kinds_of_annotation():
    instance = parse(
        {
            "facts": {"mentions": "names", "relations": [{"label": "lives in", "head": 0, "tail": 1}]},
            "names": {
                "spans": [
                    {"start": 0, "end": 7, "label": "person", "text": "Ann Lee"},
                    {"start": 17, "end": 21, "label": "city"},
                ]
            },
            "topics": {"labels": ["life"]},
        },
        id=7,
    )
    person, city = Span(0, 2, "person"), Span(4, 5, "city")
    assert list(instance.annotations) == ["facts", "names", "topics"]
    assert instance.annotations["names"] == SpanAnnotation((person, city))
    assert instance.annotations["facts"] == RelationAnnotation((Relation(person, "lives in", city),))
    assert instance.annotations["topics"] == LabelAnnotation(("life",))
    assert instance.metadata == {"id": 7}


def test_the_example_of_the_docs():
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
    record = json.loads(text.split("```json\n")[1].split("```")[0])
    instance = from_json(record, SpacyTokenizer())
    assert [instance.span_text(span) for span in instance.annotations["entities"].spans] == [
        "Ann Lee",
        "Rome",
    ]
    assert not instance.notes


def test_tokens_and_token_indices():
    spans = {"names": {"spans": [{"tokens": [0, 2], "label": "person"}]}}
    for record in ({"tokens": TEXT.split()}, {"tokens": TEXT.split(), "text": TEXT}):
        assert parse(spans, **record).annotations["names"].spans == (Span(0, 2, "person"),)


def test_relations_between_spans_of_their_own():
    ends = {"head": {"start": 0, "end": 7}, "tail": {"start": 17, "end": 21, "label": "city"}}
    relations = {"facts": {"relations": [{"label": "lives in", **ends}]}}
    [relation] = parse(relations).annotations["facts"].relations
    assert relation == Relation(Span(0, 2, "entity"), "lives in", Span(4, 5, "city"))
    names = {"names": {"spans": [{"start": 0, "end": 7, "label": "person"}]}}
    [relation] = parse({**relations, **names}).annotations["facts"].relations
    assert relation.head.label == "person"  # from the span at the same place


def test_spans_within_a_token_are_kept_as_unplaced_and_counted():
    instance = parse(
        {
            "names": {
                "spans": [
                    {"start": 1, "end": 7, "label": "person"},
                    {"start": 17, "end": 21, "label": "city"},
                ]
            },
            "facts": {"mentions": "names", "relations": [{"label": "lives in", "head": 0, "tail": 1}]},
        }
    )
    assert instance.annotations["names"].unplaced == (("nn Lee", "person"),)
    assert instance.annotations["facts"].unplaced == (("nn Lee", "lives in", "Rome"),)
    assert instance.notes == {"span not on token boundaries": 1, "relation not on token boundaries": 1}


def test_duplicates_are_counted():
    span = {"start": 0, "end": 7, "label": "person"}
    relation = {"label": "r", "head": 0, "tail": 1}
    annotations = {
        "names": {"spans": [span, span]},
        "facts": {"mentions": "names", "relations": [relation, relation]},
        "topics": {"labels": ["a", "a"]},
    }
    instance = parse(annotations)
    assert instance.notes == {"duplicate span": 1, "duplicate relation": 1, "duplicate label": 1}
    assert instance.annotations["topics"].labels == ("a",)


def span_of(**keys):
    return {"e": {"spans": [{"label": "x", **keys}]}}


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        (span_of(), "expected 'start' and 'end' .* or 'tokens'"),
        (span_of(start=0), "'end' is missing"),
        (span_of(start=0, end=99), r"\[0, 99\) does not lie within 21 characters"),
        (span_of(start=3, end=3), r"\[3, 3\)"),
        (span_of(start=True, end=3), "expected an integer, got true"),
        (span_of(start=0, end=3, text="Lee"), "expected 'Ann', as in the text"),
        (span_of(tokens=[0, 1]), "need 'tokens' in the record"),
        (span_of(start=0, end=3, scor=1), "unknown key 'scor'"),
        ({"e": {"spans": [{"start": 0, "end": 3}]}}, "'label' is missing"),
        ({"e": {"spans": 3}}, "expected a list, got 3"),
        ({"e": []}, r"annotations\.e: expected an object"),
        ({"e": {"spans": [], "match": "words"}}, "'offsets' or 'text'"),
        ({"e": {"labels": ["a"], "scores": []}}, "one score per label"),
        ({"e": {"relations": [{"label": "r", "head": 0, "tail": 0}]}}, "needs 'mentions'"),
        (
            {"e": {"mentions": "m", "relations": [{"label": "r", "head": 0, "tail": 0}]}},
            'no spans of the task "m"',
        ),
        ({"e": {"relations": [{"label": "r", "head": {"start": 0, "end": 3}}]}}, "'tail' is missing"),
    ],
)
def test_mistakes_name_their_place(annotations, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        parse(annotations)
    assert str(caught.value).startswith("annotations.e")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({}, "'text' or 'tokens' is missing"),
        ({"text": 3}, "text: expected a string, got 3"),
        ({"tokens": ["a", 3]}, r"tokens\[1\]: expected a string"),
        ({"tokens": ["a", " "]}, r"tokens\[1\]: a token cannot be blank"),
        ({"text": "a b", "tokens": ["a", "c"]}, r"tokens\[1\]: 'c' is not what the text has"),
        ({"text": "a", "annotations": 3}, "annotations: expected an object"),
        ({"tokens": ["a"], "annotations": span_of(start=0, end=1)}, "need 'text' in the record"),
        (
            {"tokens": ["a"], "annotations": span_of(tokens=[0, 2])},
            r"expected \[first, end\) within 1 tokens",
        ),
        (
            {"text": "a b", "tokens": ["a", "b"], "annotations": span_of(tokens=[0, 1], start=2, end=3)},
            "are not tokens",
        ),
        (
            {"tokens": ["Ann", "Lee"], "annotations": span_of(tokens=[0, 2], text="Ann")},
            r"spans\[0\]\.text: expected 'Ann Lee', as in the text, got \"Ann\"",
        ),
        (
            {
                "text": "AnnLee",
                "tokens": ["Ann", "Lee"],
                "annotations": span_of(tokens=[0, 2], text="Ann Lee"),
            },
            "expected 'AnnLee', as in the text",
        ),
    ],
)
def test_mistakes_of_records(record, message):
    with pytest.raises(ConfigurationError, match=message):
        from_json(record, WhitespaceTokenizer())


words = st.lists(st.text("ab`'é漢", min_size=1, max_size=4), min_size=1, max_size=8)
score = st.none() | st.floats(0, 1)


@st.composite
def instances(draw):
    text, tokens = join_words(draw(words))

    def span():
        start = draw(st.integers(0, len(tokens) - 1))
        return Span(
            start, draw(st.integers(start + 1, len(tokens))), draw(st.sampled_from("xy")), draw(score)
        )

    spans = {span() for _ in range(draw(st.integers(0, 4)))}
    relations = {Relation(span(), "r", span(), draw(score)) for _ in range(draw(st.integers(0, 3)))}
    labels = draw(st.lists(st.sampled_from("pqr"), unique=True))
    annotations = {
        "spans": SpanAnnotation(tuple(spans), (("gone", "x"),), draw(st.booleans())),
        "relations": RelationAnnotation(tuple(relations), (("gone", "r", "a"),), draw(st.booleans())),
        "labels": LabelAnnotation(tuple(labels), draw(st.sampled_from([None, (0.5,) * len(labels)]))),
    }
    return Instance(text, tokens, annotations, {"id": 1, "mine": ["kept"]})


@given(instances())
def test_records_give_the_instance_back_scores_included(instance):
    record = to_json(instance)
    again = from_json(record, WhitespaceTokenizer())
    assert again == instance
    assert to_json(again) == record


def test_predictions_replace_the_annotations():
    instance = Instance("Ann left", split_words("Ann left"), {"e": LabelAnnotation(("gold",))}, {"id": 1})
    record = to_json(instance, {"e": SpanAnnotation((Span(0, 1, "person", 0.75),))})
    assert record == {
        "id": 1,
        "text": "Ann left",
        "tokens": ["Ann", "left"],
        "annotations": {
            "e": {
                "spans": [
                    {"start": 0, "end": 3, "tokens": [0, 1], "label": "person", "text": "Ann", "score": 0.75}
                ]
            }
        },
    }


@pytest.mark.parametrize("task", ["", "\n", " a", "a\nb"])
def test_names_that_no_task_has(task):
    with pytest.raises(ConfigurationError, match=r"^annotations: the name of a task"):
        parse({task: {"spans": []}})


def test_raw_text_with_the_escape_of_a_line_break():
    with pytest.raises(ConfigurationError, match=r"^text: tokens\[1\]: a token cannot have a line break"):
        parse(text="a @@NEWLINE@@")
