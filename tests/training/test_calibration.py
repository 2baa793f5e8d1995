import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.data import Instance, Token
from causal_mtl.data.instance import LabelAnnotation, Relation, RelationAnnotation, Span, SpanAnnotation
from causal_mtl.metrics.classification import MultiLabelF1, SingleLabelAccuracy
from causal_mtl.metrics.span_f1 import SpanF1
from causal_mtl.metrics.triple_f1 import TripleF1
from causal_mtl.training.calibration import calibration, expected_calibration_error

TEXT = Instance("a b c", [Token("a", 0, 1), Token("b", 2, 3), Token("c", 4, 5)])


def slow(scores, right, bins=15):
    """Bin by bin: the share of items in it, times the gap between its precision and its mean score."""
    total = 0.0
    for k in range(bins):
        inside = [
            (s, r)
            for s, r in zip(scores, right, strict=True)
            if k / bins < s <= (k + 1) / bins or s == k == 0
        ]
        if inside:
            gap = sum(r for _, r in inside) / len(inside) - sum(s for s, _ in inside) / len(inside)
            total += len(inside) / len(scores) * abs(gap)
    return total


# Eighths are no bounds of the 15 bins but 0 and 1, so rounding decides nothing.
@given(st.lists(st.tuples(st.integers(0, 8).map(lambda n: n / 8), st.booleans()), min_size=1))
def test_it_is_the_mean_gap_over_bins(pairs):
    scores, right = map(np.array, zip(*pairs, strict=True))
    assert expected_calibration_error(scores, right * 1.0) == pytest.approx(slow(scores, right), abs=1e-12)


def test_sure_and_right_is_perfect_and_sure_and_wrong_is_as_bad_as_can_be():
    ones = np.ones(4)
    assert expected_calibration_error(ones, ones) == 0
    assert expected_calibration_error(ones, 0 * ones) == 1
    assert expected_calibration_error(0.5 * ones, np.array([1.0, 0, 1, 0])) == 0
    assert expected_calibration_error(np.zeros(0), np.zeros(0)) == 0


def test_labels_of_texts_that_have_gold():
    predicted = [
        LabelAnnotation(("x",), (0.9,)),
        LabelAnnotation(("x",), (0.8,)),
        LabelAnnotation(("y",), (1.0,)),
    ]
    gold = [(LabelAnnotation(("x",)), TEXT), (LabelAnnotation(("y",)), TEXT), (None, TEXT)]
    found = calibration(SingleLabelAccuracy(), predicted, gold)
    assert found == pytest.approx(
        {"calibration_error": 0.1 / 2 + 0.8 / 2, "confidence": 0.85, "right": 0.5, "items": 2}
    )


def test_each_of_several_labels_counts_and_what_is_missed_does_not():
    predicted = [LabelAnnotation(("x", "y"), (0.7, 0.6))]
    found = calibration(MultiLabelF1(), predicted, [(LabelAnnotation(("y", "z")), TEXT)])
    assert (found["items"], found["right"]) == (2, 0.5)


def test_spans_and_relations_are_matched_by_the_metric():
    here, there, gold_span = Span(0, 1, "P", 0.9), Span(1, 2, "P", 0.4), Span(0, 1, "P")
    spans = calibration(SpanF1(), [SpanAnnotation((here, there))], [(SpanAnnotation((gold_span,)), TEXT)])
    assert (spans["items"], spans["right"]) == (2, 0.5)
    assert spans["confidence"] == pytest.approx(0.65)
    gold = RelationAnnotation((Relation(gold_span, "r", Span(1, 2, "P")),))
    predicted = RelationAnnotation((Relation(here, "r", there, 0.8), Relation(there, "r", here, 0.6)))
    relations = calibration(TripleF1(["exact"]), [predicted], [(gold, TEXT)])
    assert (relations["items"], relations["right"]) == (2, 0.5)


def test_nothing_predicted_is_no_error():
    found = calibration(SpanF1(), [SpanAnnotation()], [(SpanAnnotation((Span(0, 1, "P"),)), TEXT)])
    assert found == {"calibration_error": 0, "confidence": 0, "right": 0, "items": 0}
