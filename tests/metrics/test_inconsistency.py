import pytest

from causal_mtl.data.instance import LabelAnnotation
from causal_mtl.metrics import Inconsistency
from causal_mtl.tasks import TextLink


def texts(*pairs):
    return [{"charge": LabelAnnotation((a,)), "article": LabelAnnotation((b,))} for a, b in pairs]


@pytest.fixture
def metric():
    return Inconsistency(TextLink("charge", "article"), {("theft", "264"), ("fraud", "266")})


def test_shares_of_predictions_and_of_gold(metric):
    predicted = texts(("theft", "264"), ("theft", "266"), ("fraud", "264"), ("fraud", "1"))
    gold = texts(("theft", "264"), ("theft", "264"), ("fraud", "266"), ("arson", "114"))
    metric(predicted, gold, [None] * 4)
    assert metric.get_metric() == {"inconsistency_article": 0.75, "gold_inconsistency_article": 0.25}
    measures = metric.measures()
    assert measures["inconsistency_article"].percent
    assert measures["inconsistency_article"].higher_is_better is False
    for name, value in metric.get_metric(reset=True).items():
        assert name in measures
        assert value in (0.75, 0.25)
    assert metric.get_metric() == {}


def test_only_sentences_with_gold_of_both_tasks_count(metric):
    gold = texts(("theft", "264"))
    del gold[0]["article"]
    metric(texts(("theft", "1")), gold, [None])
    assert metric.get_metric() == {}


def test_the_columns_of_gold_are_counted_with_those_of_predictions(metric):
    metric(texts(("theft", "1")), texts(("theft", "264")), [None])
    sums = metric.sums("inconsistency_article")
    for name, measure in metric.measures().items():
        assert measure.value(sums) == metric.get_metric()[name]
