from causal_mtl.data.instance import (
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
    items_of,
)

ANN, BOB = Span(0, 2, "person", 0.9), Span(1, 3, "person")


def test_spans_overlap_where_they_share_a_token():
    assert ANN.overlaps(BOB)
    assert BOB.overlaps(ANN)
    assert not ANN.overlaps(Span(2, 3, "city"))


def test_items_one_by_one():
    knows = Relation(ANN, "knows", BOB, 0.5)
    assert list(items_of(SpanAnnotation((ANN, BOB), unplaced=(("x", "y"),)))) == [
        (0.9, SpanAnnotation((ANN,))),
        (None, SpanAnnotation((BOB,))),
    ]
    assert list(items_of(RelationAnnotation((knows,)))) == [(0.5, RelationAnnotation((knows,)))]
    assert list(items_of(LabelAnnotation(("a", "b"), (0.7, 0.6)))) == [
        (0.7, LabelAnnotation(("a",))),
        (0.6, LabelAnnotation(("b",))),
    ]
    assert list(items_of(LabelAnnotation(("a",)))) == [(None, LabelAnnotation(("a",)))]
