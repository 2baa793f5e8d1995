import pytest

from causal_mtl.analysis import TripleGroups, triple_groups
from causal_mtl.data import Instance, Relation, RelationAnnotation, Span, SpanAnnotation, Token

WORDS = ["a", "b", "c", "a"]  # two words are the same text


def sentence(*triples, by_text=False, unplaced=()):
    """`triples` such as "0r1": from word 0 to word 1."""
    tokens = [Token(word, 2 * i, 2 * i + 1) for i, word in enumerate(WORDS)]
    spans = [Span(i, i + 1, "x") for i in range(len(WORDS))]
    relations = tuple(Relation(spans[int(head)], label, spans[int(tail)]) for head, label, tail in triples)
    annotation = RelationAnnotation(relations, tuple(unplaced), by_text)
    return Instance(
        " ".join(WORDS), tokens, {"relations": annotation, "entities": SpanAnnotation(tuple(spans))}
    )


def groups(*instances):
    return triple_groups(instances, ["entities", "relations", "nothing"])


def test_kinds_and_numbers_of_each_sentence():
    found = groups(
        sentence("0r1"),
        sentence("0r1", "2r3"),
        sentence("0r1", "0s1"),
        sentence("0r1", "1r2"),
        sentence("0r1", "0s1", "1r2"),
        sentence(),
        Instance("a", [Token("a", 0, 1)]),  # not annotated
    )
    assert found == {"relations": TripleGroups([1, 2, 2, 2, 3, 0, 0], ["N", "N", "E", "S", "ES", "", ""])}


@pytest.mark.parametrize(("by_text", "number", "letters"), [(False, 2, "S"), (True, 1, "N")])
def test_triples_are_compared_as_the_data_says(by_text, number, letters):
    found = groups(sentence("0r1", "3r1", by_text=by_text))["relations"]
    assert found == TripleGroups([number], [letters])


def test_triples_that_could_not_be_placed_count():
    found = groups(sentence("0r1", by_text=True, unplaced=[("a", "s", "b"), ("b", "r", "zz")]))["relations"]
    assert found == TripleGroups([3], ["ES"])


def test_a_sentence_can_be_in_two_groups_or_in_none():
    masks = TripleGroups([1, 3, 2, 0], ["N", "ES", "E", ""]).masks("overlap")
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "Normal": [True, False, False, False],
        "EPO": [False, True, True, False],
        "SEO": [False, True, False, False],
    }


def test_many_triples_are_one_group():
    masks = TripleGroups([0, 1, 4, 5, 9], ["", "N", "S", "S", "S"]).masks("triples")
    assert list(masks) == ["1", "2", "3", "4", "5+"]
    assert [mask.sum() for mask in masks.values()] == [1, 0, 0, 1, 2]
    assert masks["5+"].tolist() == [False, False, False, True, True]
