import random

import pytest

from causal_mtl.data.instance import LabelAnnotation
from causal_mtl.metrics import Metric, MultiLabelF1, SingleLabelAccuracy


def texts(*labels):
    """An annotation a text; a string stands for its letters, None for no annotation."""
    return [None if each is None else LabelAnnotation(tuple(each)) for each in labels]


def counted(metric, predicted, gold):
    metric(texts(*predicted), texts(*gold), [None] * len(gold))
    return metric


def test_multi_label_by_hand():
    metric = counted(MultiLabelF1(), ["ab", "", "c"], ["a", "a", "bc"])
    assert metric.get_metric() == {"precision": 2 / 3, "recall": 2 / 4, "f1": pytest.approx(4 / 7)}
    assert metric.per_label() == {
        "a": {"precision": 1, "recall": 0.5, "f1": pytest.approx(2 / 3), "support": 2},
        "b": {"precision": 0, "recall": 0, "f1": 0, "support": 1},
        "c": {"precision": 1, "recall": 1, "f1": 1, "support": 1},
    }


def test_multi_label_against_all_pairs_of_text_and_label():
    chance = random.Random(0)
    gold, predicted = (
        ["".join(label for label in "abcd" if chance.random() < 0.4) for _ in range(50)] for _ in range(2)
    )
    tp = fp = fn = 0
    for of_gold, of_prediction in zip(gold, predicted, strict=True):
        for label in "abcd":
            tp += label in of_gold and label in of_prediction
            fp += label not in of_gold and label in of_prediction
            fn += label in of_gold and label not in of_prediction
    measured = counted(MultiLabelF1(), predicted, gold).get_metric()
    assert measured["precision"] == pytest.approx(tp / (tp + fp))
    assert measured["recall"] == pytest.approx(tp / (tp + fn))
    assert measured["f1"] == pytest.approx(2 * tp / (2 * tp + fp + fn))


def test_a_repeated_label_counts_once():
    assert counted(MultiLabelF1(), ["aa"], ["aab"]).get_metric()["recall"] == 0.5


def test_single_label_by_hand():
    metric = counted(SingleLabelAccuracy(), "aaab", "aabb")
    assert metric.get_metric() == {
        "accuracy": 3 / 4,
        "macro_precision": pytest.approx((2 / 3 + 1) / 2),
        "macro_recall": pytest.approx((1 + 1 / 2) / 2),
        "macro_f1": pytest.approx((4 / 5 + 2 / 3) / 2),
    }
    assert metric.per_label()["b"] == {
        "precision": 1,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }


def test_single_label_against_a_confusion_matrix():
    chance = random.Random(1)
    gold = [chance.choice("abcd") for _ in range(60)]
    predicted = [chance.choice([label, *"abc"]) for label in gold]
    matrix = {(g, p): 0 for g in "abcd" for p in "abcd"}
    for pair in zip(gold, predicted, strict=True):
        matrix[pair] += 1
    precisions, recalls, f1s = [], [], []
    for label in "abcd":
        row = sum(matrix[label, other] for other in "abcd")
        column = sum(matrix[other, label] for other in "abcd")
        precision, recall = matrix[label, label] / column, matrix[label, label] / row
        precisions.append(precision)
        recalls.append(recall)
        f1s.append(2 * precision * recall / (precision + recall))
    measured = counted(SingleLabelAccuracy(), predicted, gold).get_metric()
    assert measured["accuracy"] == pytest.approx(sum(matrix[c, c] for c in "abcd") / 60)
    assert measured["macro_precision"] == pytest.approx(sum(precisions) / 4)
    assert measured["macro_recall"] == pytest.approx(sum(recalls) / 4)
    assert measured["macro_f1"] == pytest.approx(sum(f1s) / 4)


def test_classes_of_macro_averages_are_those_of_gold_and_prediction():
    """`b` is predicted but never gold, `c` is gold but never predicted: each lowers the mean with a 0."""
    metric = counted(SingleLabelAccuracy(), "abaa", "aaac")
    assert metric.get_metric()["accuracy"] == 0.5
    assert metric.get_metric()["macro_recall"] == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert metric.per_label()["b"]["support"] == 0
    assert set(metric.per_label()) == {"a", "b", "c"}


@pytest.mark.parametrize("kind", [MultiLabelF1, SingleLabelAccuracy])
def test_counts_are_integers_that_add_up_and_reset(kind):
    gold, predicted = ["a", "b", "c", None], ["a", "c", "c", "a"]
    both, one, two = kind(), kind(), kind()
    counted(both, predicted, gold)
    counted(one, predicted[:2], gold[:2])
    counted(two, predicted[2:], gold[2:])
    one.counts.update(two.counts)
    assert one.counts == both.counts
    assert all(type(count) is int for count in both.counts.values())
    assert sum(both.counts.values()) == 3 + 3 + 2  # what is not annotated counts for nothing
    assert one.get_metric() == both.get_metric(reset=True)
    assert not both.counts
    assert set(both.get_metric().values()) == {0.0}


def test_registered():
    assert Metric.by_name("multi_label_f1") is MultiLabelF1
    assert Metric.by_name("single_label_accuracy") is SingleLabelAccuracy
