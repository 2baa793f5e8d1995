import pytest

from causal_mtl.analysis.effects.units import NONE, families
from causal_mtl.common import ConfigurationError
from causal_mtl.data import (
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
    Token,
)
from causal_mtl.data.instance import labels_of
from causal_mtl.tasks import (
    MultiLabelClassification,
    RelationExtraction,
    SequenceTagging,
    SingleLabelClassification,
    SpanClassification,
)

TOKENS = [Token(word, number, number + 1) for number, word in enumerate("abcd")]


def text(**annotations):
    return Instance("abcd", TOKENS, annotations)


def test_the_label_of_a_text_is_set_to_each():
    task = SingleLabelClassification("a")
    (family,) = families([text(a=LabelAnnotation(("y",))), text()], task, ["x", "y"])
    assert (family.values, family.labels) == (["x", "y"], 2)
    assert [unit.factual for unit in family.units] == [1, None]
    assert [labels_of(one) for one in family.units[0].annotations] == [["x"], ["y"]]


def test_each_of_many_labels_is_there_or_not():
    task = MultiLabelClassification("a")
    first, second = families([text(a=LabelAnnotation(("x", "z"))), text()], task, ["x", "y"])
    assert (first.values, first.labels) == (["x", "not x"], 1)
    (unit,) = first.units  # a text without gold has none
    assert (unit.factual, unit.focus) == (0, "x")
    assert [labels_of(one) for one in unit.annotations] == [["z", "x"], ["z"]]
    assert second.units[0].factual == 1


SPANS = SpanAnnotation((Span(0, 1, "p"), Span(1, 3, "q")))


@pytest.mark.parametrize("task", [SequenceTagging("a", scheme="BIO"), SpanClassification("a")])
def test_one_mention_is_swapped_and_the_others_stay(task):
    (family,) = families([text(), text(a=SPANS)], task, ["p", "q"])
    assert family.values == ["p", "q", NONE]
    first, second = family.units
    assert (first.case, first.span, first.factual) == (1, Span(0, 1, "p"), 0)
    assert [one.spans for one in second.annotations] == [
        (Span(0, 1, "p"), Span(1, 3, "p")),
        (Span(0, 1, "p"), Span(1, 3, "q")),
        (Span(0, 1, "p"),),
    ]


def test_mentions_that_flat_tags_cannot_hold_together_are_left_alone():
    overlapping = SpanAnnotation((Span(0, 2, "p"), Span(1, 3, "q"), Span(3, 4, "p")))
    (flat,) = families([text(a=overlapping)], SequenceTagging("a"), ["p", "q"])
    assert ([unit.span for unit in flat.units], flat.skipped) == ([Span(3, 4, "p")], 2)
    (free,) = families([text(a=overlapping)], SpanClassification("a"), ["p", "q"])
    assert (len(free.units), free.skipped) == (3, 0)


def test_what_stands_at_the_place_of_another_is_left_alone():
    """Set to the label of the other, it would only be taken away."""
    twice = SpanAnnotation((Span(0, 1, "p"), Span(0, 1, "q"), Span(2, 3, "p")))
    (spans,) = families([text(a=twice)], SpanClassification("a"), ["p", "q"])
    assert ([unit.span for unit in spans.units], spans.skipped) == ([Span(2, 3, "p")], 2)
    head, tail = SPANS.spans
    pairs = RelationAnnotation(
        (Relation(head, "r", tail), Relation(head, "s", tail), Relation(tail, "r", head))
    )
    (relations,) = families([text(a=pairs), text()], RelationExtraction("a"), ["r", "s"])
    assert ([unit.span for unit in relations.units], relations.skipped) == ([tail], 2)


def test_one_relation_is_swapped():
    head, tail = SPANS.spans
    relations = RelationAnnotation((Relation(head, "r", tail),))
    (family,) = families([text(a=relations)], RelationExtraction("a"), ["r", "s"])
    (unit,) = family.units
    assert unit.span == head
    assert [labels_of(one) for one in unit.annotations] == [["r"], ["s"], []]


def test_nothing_to_set():
    with pytest.raises(ConfigurationError, match="no spans of the task 'a'"):
        families([text()], SequenceTagging("a"), ["p"])
