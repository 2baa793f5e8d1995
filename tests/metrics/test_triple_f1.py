import pytest

from causal_mtl.data.instance import Instance, Relation, RelationAnnotation, Span, Token
from causal_mtl.metrics import TripleF1

ALL = ("exact", "partial", "last_token", "strict", "boundaries")


def sentence(text="New York is in New Jersey York"):
    return Instance(text, [Token(word, 0, 0) for word in text.split()])


def triples(*items, **options):
    """(head, label, tail), a mention being (start, end) or (start, end, type)."""

    def span(start, end, label="entity"):
        return Span(start, end, label)

    relations = tuple(Relation(span(*head), label, span(*tail)) for head, label, tail in items)
    return RelationAnnotation(relations, **options)


def f1s(predicted, gold, modes=ALL):
    metric = TripleF1(modes)
    metric([predicted], [gold], [sentence()])
    return {mode: metric.get_metric()[f"{mode}_f1"] for mode in modes}


def test_each_mode_by_offsets():
    gold = triples(((0, 2), "in", (4, 6)))
    assert set(f1s(gold, gold).values()) == {1.0}
    first = f1s(triples(((0, 1), "in", (4, 5))), gold)
    assert first == {"exact": 0, "partial": 1, "last_token": 0, "strict": 0, "boundaries": 0}
    last = f1s(triples(((1, 2), "in", (5, 6))), gold)
    assert last == {"exact": 0, "partial": 0, "last_token": 1, "strict": 0, "boundaries": 0}
    typed = f1s(triples(((0, 2, "city"), "in", (4, 6))), gold)
    assert typed == {"exact": 1, "partial": 1, "last_token": 1, "strict": 0, "boundaries": 1}


def test_each_mode_by_text():
    gold = triples(((0, 2), "in", (4, 6)), by_text=True)
    # "New" of another place is the same first word, "York" at the end the same last word
    assert f1s(triples(((4, 5), "in", (0, 1))), gold, ("exact", "partial")) == {"exact": 0, "partial": 1}
    assert f1s(triples(((6, 7), "in", (4, 6))), gold, ("exact", "last_token")) == {
        "exact": 0,
        "last_token": 1,
    }


def test_direction_and_relation_count():
    gold = triples(((0, 2), "in", (4, 6)))
    assert f1s(triples(((4, 6), "in", (0, 2))), gold)["exact"] == 0
    assert f1s(triples(((0, 2), "of", (4, 6))), gold)["exact"] == 0


def test_a_triple_predicted_at_two_places_counts_once_by_text():
    metric = TripleF1(("partial",))
    predicted = triples(((0, 1), "in", (4, 6)), ((0, 2), "in", (4, 6)))
    metric([predicted], [triples(((0, 2), "in", (4, 6)), by_text=True)], [sentence()])
    assert metric.get_metric() == {"partial_precision": 1, "partial_recall": 1, "partial_f1": 1}


@pytest.mark.parametrize("by_text", [True, False])
def test_gold_that_could_not_be_placed_lowers_recall(by_text):
    gold = triples(((0, 2), "in", (4, 6)), unplaced=(("Paris", "in", "New York"),), by_text=by_text)
    metric = TripleF1()
    metric([triples(((0, 2), "in", (4, 6)))], [gold], [sentence()])
    assert metric.get_metric()["exact_recall"] == 0.5
    assert metric.get_metric()["exact_precision"] == 1.0


def test_per_label():
    metric = TripleF1(("exact",))
    gold = triples(((0, 2), "in", (4, 6)), ((0, 2), "of", (4, 6)))
    metric([triples(((0, 2), "in", (4, 6)))], [gold], [sentence()])
    table = metric.per_label()
    assert table["in"] == {"exact_precision": 1, "exact_recall": 1, "exact_f1": 1, "support": 1}
    assert table["of"]["exact_f1"] == 0
    assert table["of"]["support"] == 1


@pytest.mark.parametrize("mode", ALL)
def test_equal_gold_that_could_not_be_placed_counts_as_often_as_it_is_given(mode):
    gold = triples(((0, 2), "in", (4, 6)), unplaced=(("Rome", "in", "Italy"), ("Rome", "in", "Italy")))
    metric = TripleF1((mode,))
    metric([gold], [gold], [sentence()])
    assert metric.per_label()["in"]["support"] == 3
