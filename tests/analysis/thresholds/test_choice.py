from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_mtl.analysis.thresholds.choice import Candidates, Thresholds, cross_validated, tune


def make(rows, gold, floor=0.1):
    """Rows are (sentence, label, score, correct)."""
    sentence, label, score, correct = (np.array(column) for column in zip(*rows, strict=True))
    labels = [f"label{number}" for number in range(len(gold[0]))]
    return Candidates(labels, floor, sentence, label, score, correct, np.array(gold))


def f1(found):
    correct, predicted, gold = found
    return 2 * correct / max(1, predicted + gold)


def best_of_all(candidates):
    """By trying every threshold of every label with every other."""
    limits = []
    for label in range(len(candidates.labels)):
        scores = sorted({1.0, candidates.floor, *candidates.score[candidates.label == label].tolist()})
        limits.append([(low + high) / 2 for low, high in pairwise(scores)])
    return max(
        f1(candidates.found(Thresholds(0.5, dict(zip(candidates.labels, chosen, strict=True)))))
        for chosen in product(*limits)
    )


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from([0.2, 0.3, 0.6, 0.9]), st.booleans()),
        min_size=1,
        max_size=9,
    ),
    missed=st.integers(0, 3),
)
def test_no_choice_of_thresholds_is_better(rows, missed):
    gold = np.zeros((4, 3), dtype=int)
    for sentence, label, _, correct in rows:
        gold[sentence, label] += correct
    gold[0, 0] += missed
    candidates = make(rows, gold)
    tuned = tune(candidates, Thresholds(), min_count=0)
    assert f1(candidates.found(tuned)) == pytest.approx(best_of_all(candidates))


def test_rare_labels_share_a_threshold():
    rows = [(n, 0, 0.3, True) for n in range(5)] + [
        (0, 1, 0.4, False),
        (1, 1, 0.8, True),
        (2, 2, 0.45, False),
    ]
    gold = [[1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]]
    tuned = tune(make(rows, gold), Thresholds(), min_count=5)
    assert tuned.by_label == {"label0": pytest.approx(0.2)}  # between its scores and the floor
    assert tuned.common == pytest.approx((0.45 + 0.8) / 2)


def test_of_equal_thresholds_the_nearest_to_the_old_one_is_taken():
    rows = [(0, 0, 0.9, True), (0, 0, 0.2, False), (0, 1, 0.3, True), (0, 1, 0.25, True)]
    tuned = tune(make(rows, [[1, 2]]), Thresholds(0.5), min_count=1)
    assert tuned.by_label == {"label0": pytest.approx(0.55), "label1": pytest.approx(0.175)}
    assert tuned.common == 0.5


def test_thresholds_that_cannot_be_improved_stay():
    rows = [(0, 0, 0.9, True), (0, 0, 0.2, False)]
    start = Thresholds(0.5, {"label0": 0.7})
    assert tune(make(rows, [[1]]), start) is start


def test_no_threshold_is_below_the_floor():
    rows = [(0, 0, 0.12, True), (1, 0, 0.11, True)]
    tuned = tune(make(rows, [[1], [1]], floor=0.1), Thresholds(), min_count=1)
    assert 0.1 < tuned.by_label["label0"] < 0.11


def test_cross_validation_does_not_look_at_what_it_scores():
    """A label whose scores say nothing: tuned thresholds fit the noise, cross-validated ones gain nothing."""
    generator = np.random.default_rng(0)
    rows = [
        (s, label, float(generator.uniform(0.1, 1)), bool(generator.random() < 0.5))
        for s in range(40)
        for label in range(8)
    ]
    gold = np.zeros((40, 8), dtype=int)
    for s, label, _, correct in rows:
        gold[s, label] += correct
    candidates = make(rows, gold)
    everything = Thresholds(0.0)
    tuned = f1(candidates.found(tune(candidates, everything, min_count=1)))
    validated = cross_validated(candidates, everything, min_count=1, folds=5)
    assert validated[2] == gold.sum()
    assert f1(validated) < f1(candidates.found(everything)) < tuned


def test_every_sentence_is_scored_once():
    rows = [(s, 0, 0.9, True) for s in range(7)]
    candidates = make(rows, [[1]] * 7)
    assert cross_validated(candidates, Thresholds(), folds=3).tolist() == [7, 7, 7]
