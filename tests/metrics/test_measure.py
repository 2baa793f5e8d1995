import json
from collections import Counter
from typing import ClassVar

import pytest

from causal_mtl.metrics import (
    Measure,
    Metric,
    MultiLabelF1,
    RatioMetric,
    SingleLabelAccuracy,
    SpanF1,
    TripleF1,
)
from causal_mtl.metrics.measure import F1


class Error(RatioMetric):
    ratios: ClassVar = {
        "mae": Measure({"error": 1}, {"texts": 1}, gold="texts", higher_is_better=False),
        "twice": Measure({"error": 2}, {"texts": 1, "error": 1}),
    }

    def count(self, predicted, gold, instance):
        self.counts["error",] += abs(predicted - gold)
        self.counts["texts",] += 1


def test_a_metric_of_ratios():
    metric = Error()
    assert metric.get_metric() == {"mae": 0.0, "twice": 0.0}
    metric([1, 5, 2], [2, 2, None], [None] * 3)
    assert metric.get_metric(reset=True) == {"mae": 2.0, "twice": pytest.approx(8 / 6)}
    assert metric.counts == Counter()
    assert metric.measures()["mae"].columns == ("error", "texts")
    assert metric.measures()["twice"].columns == ("error", "texts")
    assert metric.per_label() == {}


@pytest.mark.parametrize(
    "metric",
    [SpanF1(), TripleF1(), MultiLabelF1(), SingleLabelAccuracy()],
    ids=lambda metric: type(metric).__name__,
)
def test_sums_give_what_the_metric_reports(metric):
    for kind, number in (("gold", 4), ("predicted", 3), ("correct", 2)):
        for mode in metric.modes:
            metric.counts[mode, "a", kind] += number
            metric.counts[mode, "b", kind] += 1
    reported = metric.get_metric()
    assert list(metric.measures()) == list(reported)
    for name, measure in metric.measures().items():
        assert measure.percent
        assert measure.higher_is_better
        assert set(measure.beside) <= set(reported)
        if measure.columns:
            assert measure.value(metric.sums(name)) == pytest.approx(reported[name])


def test_a_metric_that_says_nothing():
    class Silent(Metric):
        def count(self, predicted, gold, instance): ...

        def per_label(self):
            return {}

        def get_metric(self, reset=False):
            return {"bleu": 0.5}

    assert Silent().measures() == {"bleu": Measure()}
    assert Measure().columns == ()
    assert Measure().higher_is_better is None


def test_json_and_back():
    for measure in (
        F1,
        Measure(),
        Error.ratios["mae"],
        TripleF1().measures()["exact_f1"].of_task("relations"),
    ):
        assert Measure.from_json({**measure.to_json(), "of a later version": 1}) == measure
    assert Measure().to_json() == {}
    assert TripleF1().measures()["exact_f1"].of_task("r").beside == ("r/exact_precision", "r/exact_recall")


def test_sums_have_one_order_however_a_file_names_them():
    # The note of a training that was recovered has sorted keys; it is compared with others, sum by sum.
    sorted_keys = json.loads(json.dumps(F1.to_json(), sort_keys=True))
    assert list(sorted_keys["denominator"]) != list(F1.denominator)
    assert Measure.from_json(sorted_keys).columns == F1.columns
