import pytest

from causal_mtl.data.instance import Instance, Span, SpanAnnotation, Token
from causal_mtl.metrics import SpanF1


def sentence(text="a b a b c"):
    words = text.split()
    return Instance(text, [Token(word, 2 * i, 2 * i + 1) for i, word in enumerate(words)])


def spans(*items, **options):
    return SpanAnnotation(tuple(Span(*item) for item in items), **options)


def test_offsets_are_compared_where_gold_has_them():
    metric = SpanF1()
    metric([spans((2, 4, "x"), (4, 5, "y"))], [spans((0, 2, "x"), (4, 5, "y"))], [sentence()])
    assert metric.get_metric() == {"precision": 0.5, "recall": 0.5, "f1": 0.5}


def test_text_is_compared_where_gold_came_as_strings():
    metric = SpanF1()
    metric([spans((2, 4, "x"), (0, 2, "x"))], [spans((0, 2, "x"), by_text=True)], [sentence()])
    assert metric.get_metric()["f1"] == 1.0


def test_the_type_counts():
    metric = SpanF1()
    metric([spans((0, 2, "y"))], [spans((0, 2, "x"))], [sentence()])
    assert metric.get_metric()["f1"] == 0.0
    assert metric.per_label()["x"] == {"precision": 0, "recall": 0, "f1": 0, "support": 1}


@pytest.mark.parametrize("by_text", [True, False])
def test_gold_that_could_not_be_placed_lowers_recall(by_text):
    metric = SpanF1()
    gold = spans((0, 2, "x"), unplaced=(("z z", "x"),), by_text=by_text)
    metric([spans((0, 2, "x"))], [gold], [sentence()])
    assert metric.get_metric() == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3)}


def test_sentences_without_annotation_count_for_nothing():
    metric = SpanF1()
    metric([spans((0, 2, "x")), spans()], [None, spans()], [sentence(), sentence()])
    assert not metric.counts
    assert metric.get_metric() == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_counts_of_batches_add_up_and_reset():
    gold, wrong = spans((0, 2, "x")), spans((1, 2, "x"))
    both, one, two = SpanF1(), SpanF1(), SpanF1()
    both([gold, wrong], [gold, gold], [sentence(), sentence()])
    one([gold], [gold], [sentence()])
    two([wrong], [gold], [sentence()])
    one.counts.update(two.counts)
    assert one.get_metric() == both.get_metric(reset=True)
    assert both.get_metric()["f1"] == 0.0


@pytest.mark.parametrize("by_text", [True, False])
def test_equal_gold_that_could_not_be_placed_counts_as_often_as_it_is_given(by_text):
    metric = SpanF1()
    gold = spans((0, 2, "x"), unplaced=(("z", "x"), ("z", "x")), by_text=by_text)
    metric([spans((0, 2, "x"))], [gold], [sentence()])
    assert metric.get_metric()["recall"] == pytest.approx(1 / 3)
    assert metric.per_label()["x"]["support"] == 3
