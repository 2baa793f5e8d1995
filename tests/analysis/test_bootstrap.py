import time

import numpy as np
import pytest

from causal_mtl.analysis import bootstrap, micro_f1, paired_bootstrap
from causal_mtl.common import ConfigurationError

RNG = np.random.default_rng(7)
START = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def _every_test_begins_at_the_same_number():
    RNG.bit_generator.state = START


def gold_of(sentences, rng=RNG):
    return rng.integers(0, 5, size=sentences)


def system(gold, recall, rng=RNG):
    """One run that finds each gold item with probability `recall` and makes up one for each that it misses."""
    correct = rng.binomial(gold, recall)
    return np.stack([correct, gold, gold], axis=1)


def slowly(first, second, samples, seed):
    """The same by loops; it draws in the same order."""

    def f1(runs, sentences, chosen):
        scores = []
        for number in chosen:
            correct = predicted = gold = 0
            for sentence in sentences:
                correct += runs[number][sentence][0]
                predicted += runs[number][sentence][1]
                gold += runs[number][sentence][2]
            scores.append(2 * correct / (predicted + gold) if predicted + gold else 0.0)
        return sum(scores) / len(scores)

    rng, n = np.random.default_rng(seed), len(first[0])
    drawn = rng.integers(n, size=(samples, n))
    of_first = rng.integers(len(first), size=(samples, len(first)))
    of_second = rng.integers(len(second), size=(samples, len(second)))
    differences = [
        f1(first, sentences, a) - f1(second, sentences, b)
        for sentences, a, b in zip(drawn, of_first, of_second, strict=True)
    ]
    all_of_it = f1(first, range(n), range(len(first))) - f1(second, range(n), range(len(second)))
    return all_of_it, *np.percentile(differences, [2.5, 97.5])


def test_micro_f1():
    assert micro_f1(np.array([[3, 4, 6], [0, 0, 0], [0, 0, 2]])) == pytest.approx([0.6, 0, 0])


@pytest.mark.parametrize(("seeds", "others"), [(1, 1), (3, 2)])
def test_against_loops(seeds, others):
    gold = gold_of(23)
    first, second = [system(gold, 0.8) for _ in range(seeds)], [system(gold, 0.6) for _ in range(others)]
    found = paired_bootstrap(first, second, samples=60, seed=5)
    assert (found.difference, found.low, found.high) == pytest.approx(slowly(first, second, 60, 5))


def test_one_seed_one_result_however_it_is_cut(monkeypatch):
    gold = gold_of(40)
    pair = [system(gold, 0.8)], [system(gold, 0.7)]
    whole = paired_bootstrap(*pair, samples=500)
    assert paired_bootstrap(*pair, samples=500) == whole
    assert paired_bootstrap(*pair, samples=500, seed=1) != whole
    monkeypatch.setattr(bootstrap, "_CELLS", 40 * 30)
    in_pieces = paired_bootstrap(*pair, samples=500)
    assert in_pieces.low == pytest.approx(whole.low, abs=0.03)
    assert in_pieces.high == pytest.approx(whole.high, abs=0.03)


def test_identical_systems():
    gold = gold_of(100)
    runs = [system(gold, p) for p in (0.7, 0.75, 0.8)]
    one = paired_bootstrap(runs[:1], runs[:1])
    assert (one.difference, one.low, one.high) == (0, 0, 0)
    several = paired_bootstrap(runs, runs)
    assert several.difference == 0
    assert several.low < 0 < several.high  # other seeds would have given other means


def test_a_dominated_system():
    gold = np.full(100, 2)
    worse = system(gold, 0.5)
    better = worse + [1, 0, 0] * (worse[:, :1] < 2)
    found = paired_bootstrap([better], [worse])
    assert found.difference == pytest.approx((better[:, 0].sum() - worse[:, 0].sum()) / 200)
    assert 0 < found.low < found.difference < found.high
    turned = paired_bootstrap([worse], [better])
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_pairing_narrows_the_interval():
    """Two systems that fail on the same sentences differ surely, however much sentences differ."""
    gold = np.full(200, 2)
    hard = RNG.random(200) < 0.5
    worse = np.stack([np.where(hard, 0, 1), gold, gold], axis=1)
    better = np.stack([np.where(hard, 0, 2), gold, gold], axis=1)
    paired = paired_bootstrap([better], [worse])
    shuffled = paired_bootstrap([better], [worse[RNG.permutation(200)]])
    assert paired.high - paired.low < 0.7 * (shuffled.high - shuffled.low)


def test_the_spread_of_seeds_is_in_the_interval():
    gold = np.full(400, 2)
    steady = [system(gold, 0.7) for _ in range(3)]
    wild = [system(gold, p) for p in (0.5, 0.7, 0.9)]
    narrow, wide = paired_bootstrap(steady, steady), paired_bootstrap(wild, steady)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_coverage():
    """The true difference is in about 95% of the intervals."""
    rng, inside, trials = np.random.default_rng(11), 0, 300
    for _ in range(trials):
        gold = np.full(80, 3)
        found = paired_bootstrap([system(gold, 0.8, rng)], [system(gold, 0.7, rng)], samples=400)
        inside += found.low <= 0.1 <= found.high
    assert 0.91 <= inside / trials <= 0.98


def test_it_is_fast():
    gold = gold_of(500)
    runs = [[system(gold, p) for _ in range(3)] for p in (0.8, 0.7)]
    started = time.process_time()
    paired_bootstrap(*runs)
    assert time.process_time() - started < 1


def test_what_cannot_be_paired():
    gold = np.array([1, 2, 0, 3])
    run = np.stack([gold, gold, gold], axis=1)
    with pytest.raises(ConfigurationError, match=r"the same sentences.*4, 3"):
        paired_bootstrap([run], [run[:3]])
    with pytest.raises(ConfigurationError, match="same gold"):
        paired_bootstrap([run], [run[::-1]])
    with pytest.raises(ConfigurationError, match="same sentences"):
        paired_bootstrap([run[:0]], [run[:0]])
