from dataclasses import replace

from causal_mtl.data import Instance, LabelAnnotation, Relation, RelationAnnotation, Span, SpanAnnotation
from causal_mtl.data.offsets import join_words
from causal_mtl.predictors import compare

INSTANCE = Instance(*join_words(["Rome", "is", "in", "Italy", "and", "Rome", "is", "old"]))
ROME, ITALY, ROME_AGAIN = Span(0, 1, "city"), Span(3, 4, "country"), Span(5, 6, "city")


def differences(gold, predicted):
    return compare(INSTANCE, {"task": gold}, {"task": predicted}).get("task")


def test_no_differences():
    gold = SpanAnnotation((ROME, ITALY))
    assert differences(gold, SpanAnnotation((replace(ITALY, score=0.5), ROME))) is None


def test_spans():
    found = differences(
        SpanAnnotation((ROME, ITALY)), SpanAnnotation((ROME_AGAIN, replace(ITALY, label="city")))
    )
    assert [item["start"] for item in found["missed"]] == [0, 11]
    assert [item["label"] for item in found["spurious"]] == ["city", "city"]


def test_spans_by_text():
    assert differences(SpanAnnotation((ROME,), by_text=True), SpanAnnotation((ROME_AGAIN,))) is None


def test_relations_compare_whole_mentions_but_not_their_types():
    gold = RelationAnnotation((Relation(ROME, "in", ITALY),))
    other_type = RelationAnnotation((Relation(replace(ROME, label="x"), "in", ITALY, 0.9),))
    assert differences(gold, other_type) is None
    found = differences(gold, RelationAnnotation((Relation(ITALY, "in", ROME),)))
    assert len(found["missed"]) == len(found["spurious"]) == 1


def test_unplaced_gold_is_missed():
    gold = RelationAnnotation(unplaced=(("Roma", "in", "Italia"),), by_text=True)
    assert differences(gold, RelationAnnotation())["missed"] == [["Roma", "in", "Italia"]]


def test_labels():
    found = differences(LabelAnnotation(("a", "b")), LabelAnnotation(("b", "c"), (0.9, 0.6)))
    assert found == {"missed": ["a"], "spurious": ["c"]}
