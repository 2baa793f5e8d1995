from causal_mtl.data import LabelAnnotation, Relation, RelationAnnotation, Span, SpanAnnotation
from causal_mtl.predictors.partial import completed
from causal_mtl.tasks import MultiLabelClassification, RelationExtraction, SequenceTagging, SpanClassification

GIVEN = SpanAnnotation((Span(2, 4, "person"),), partial=True)
PREDICTED = SpanAnnotation((Span(0, 1, "city", 0.9), Span(2, 4, "city", 0.8), Span(3, 5, "person", 0.7)))


def places(annotation):
    return [(span.start, span.end, span.label) for span in annotation.spans]


def test_flat_tags_hold_no_overlap():
    found = completed(GIVEN, PREDICTED, SequenceTagging("entities"))
    assert places(found) == [(0, 1, "city"), (2, 4, "person")]
    assert not found.partial


def test_spans_that_may_overlap_stay_unless_they_are_the_same_words():
    for overlaps, kept in (("any", True), ("nested", False), ("flat", False)):
        found = completed(GIVEN, PREDICTED, SpanClassification("entities", overlaps=overlaps))
        assert (2, 4, "city") not in places(found)
        assert ((3, 5, "person") in places(found)) == kept
        assert (0, 1, "city") in places(found)


def test_relations_hold_beside_each_other():
    head, tail = Span(0, 1, "a"), Span(2, 3, "b")
    given = RelationAnnotation((Relation(head, "x", tail),), partial=True)
    predicted = RelationAnnotation((Relation(head, "x", tail, 0.9), Relation(head, "y", tail, 0.8)))
    found = completed(given, predicted, RelationExtraction("relations"))
    assert [(relation.label, relation.score) for relation in found.relations] == [("x", None), ("y", 0.8)]


def test_labels_hold_beside_each_other():
    given = LabelAnnotation(("b",), partial=True)
    predicted = LabelAnnotation(("a", "b"), (0.7, 0.6))
    found = completed(given, predicted, MultiLabelClassification("labels"))
    assert (found.labels, found.scores) == (("b", "a"), (1.0, 0.7))
