from causal_mtl.data.instance import LabelAnnotation, Relation, RelationAnnotation, Span, SpanAnnotation
from causal_mtl.tasks import (
    ArgumentLink,
    MultiLabelClassification,
    RelationExtraction,
    SequenceTagging,
    SingleLabelClassification,
    TextLink,
)


def test_labels_of_texts_are_linked_with_those_of_earlier_tasks():
    article, charge = SingleLabelClassification("article"), SingleLabelClassification("charge")
    topics, mood = MultiLabelClassification("topics"), MultiLabelClassification("mood")
    assert charge.links([SequenceTagging("entities"), article]) == [TextLink("charge", "article")]
    assert topics.links([article, mood]) == [
        TextLink("topics", "article"),
        TextLink("topics", "mood", decodable=False),
    ]
    assert article.links([]) == []


def test_relations_are_linked_with_the_types_of_their_mentions():
    assert RelationExtraction("relations").links([]) == [ArgumentLink("relations", "entities")]
    assert RelationExtraction("relations", mentions=None).links([]) == []
    assert SequenceTagging("entities").links([RelationExtraction("relations")]) == []


def test_combinations_of_labels_of_a_text():
    link = TextLink("topics", "charge")
    both = {"topics": LabelAnnotation(("b", "a", "b")), "charge": LabelAnnotation(("x",))}
    assert link.combinations(both) == [("a", "x"), ("b", "x")]
    assert link.combinations({**both, "topics": LabelAnnotation(())}) == []
    assert link.combinations({"charge": both["charge"]}) is None


def test_combinations_of_relations_are_counted_one_by_one():
    link = ArgumentLink("relations", "entities")
    a, b = Span(0, 1, "Peop"), Span(2, 3, "Loc")
    relations = RelationAnnotation(
        (Relation(a, "Live_In", b), Relation(a, "Live_In", b)), unplaced=(("x", "y", "z"),)
    )
    assert link.combinations({"relations": relations}) == [("Live_In", ("Peop", "Loc"))] * 2
    assert link.combinations({"entities": SpanAnnotation((a, b))}) is None
    assert link.partners(["A", "B"]) == [("A", "A"), ("A", "B"), ("B", "A"), ("B", "B")]
