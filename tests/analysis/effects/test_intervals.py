import numpy as np
import pytest

from causal_mtl.analysis.effects.intervals import Bootstrap, benjamini_hochberg, sample_warnings


def test_the_mean_is_that_over_models_and_units():
    values = np.arange(24, dtype=float).reshape(2, 4, 3)
    found = Bootstrap(samples=50).means(values, [0, 0, 1, 2])
    assert found.mean == pytest.approx(values.mean(axis=(0, 1)))
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()


def test_one_seed_one_result():
    values = np.random.default_rng(1).normal(size=(3, 20, 2))
    one, two = (Bootstrap(100, seed=4).means(values, range(20)) for _ in "12")
    assert (one.low == two.low).all()
    assert (one.high != Bootstrap(100, seed=5).means(values, range(20)).high).any()


def test_what_never_varies_is_sure_and_0_is_never_found():
    values = np.zeros((2, 10, 2))
    values[..., 1] = 0.5
    found = Bootstrap(99).means(values, range(10))
    assert list(found.p) == [1.0, pytest.approx(0.02)]


@pytest.mark.parametrize(("models", "of_models"), [(1, 0.0), (3, 0.1), (5, 0.1)])
def test_intervals_cover(models, of_models):
    """Effects of cases vary, and so do those of models; the interval holds the truth in about 95 of 100."""
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        noise = rng.normal(size=(1, 40, 1)) + of_models * rng.normal(size=(models, 1, 1)) * 3
        found = Bootstrap(300, trial).means(0.3 + noise, range(40))
        covered += bool(found.low[0] <= 0.3 <= found.high[0])
    assert 0.87 <= covered / 200 <= 0.99


@pytest.mark.parametrize("cases", [2, 5])
def test_intervals_of_few_cases_cover(cases):
    """What few cases show of how much cases vary is too little, and hardly known: it is widened."""
    rng = np.random.default_rng(2)
    covered = 0
    for trial in range(400):
        found = Bootstrap(400, trial).means(rng.normal(size=(1, cases, 1)), range(cases))
        covered += bool(found.low[0] <= 0 <= found.high[0])
    assert 0.91 <= covered / 400 <= 0.98


def test_few_cases_do_not_widen_what_models_differ_by():
    """Cases are all alike, so that all there is to know is how models vary."""
    values = np.random.default_rng(3).normal(size=(4, 1, 1))
    few, many = (Bootstrap(500).means(np.repeat(values, n, axis=1), range(n)) for n in (2, 50))
    assert few.high - few.low == pytest.approx(many.high - many.low, rel=0.2)


def test_one_case_says_nothing():
    found = Bootstrap(99).means(np.full((2, 3, 1), 0.5), [7, 7, 7])
    assert found.mean[0] == 0.5
    assert list(found.p) == [1.0]
    assert found.interval(0) == {"low": None, "high": None}


@pytest.mark.parametrize("models", [3, 5])
def test_intervals_of_resampled_models_know_of_the_training_data(models):
    """All models are off by what their common data are off by, and each by a bootstrap sample of these besides."""
    rng = np.random.default_rng(1)
    covered = {True: 0, False: 0}
    for trial in range(200):
        common, own = 0.2 * rng.normal(size=1), 0.2 * rng.normal(size=(models, 1, 1))
        values = np.broadcast_to(0.3 + common + own, (models, 10, 1))
        for resampled in covered:
            found = Bootstrap(300, trial, resampled).means(values, range(10))
            covered[resampled] += bool(found.low[0] <= 0.3 <= found.high[0])
    assert 0.9 <= covered[True] / 200 <= 0.99
    assert covered[False] / 200 < 0.87


def test_units_of_one_case_are_not_independent():
    rng = np.random.default_rng(0)
    of_cases = rng.normal(size=(1, 10, 1))
    units = np.repeat(of_cases, 20, axis=1)
    apart = Bootstrap(400).means(units, range(200))
    together = Bootstrap(400).means(units, np.repeat(np.arange(10), 20))
    assert (together.high - together.low) > 3 * (apart.high - apart.low)


def test_benjamini_hochberg():
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert benjamini_hochberg([0.9]) == [0.9]
    assert benjamini_hochberg([]) == []


def test_nothing_is_found_where_nothing_is():
    """200 effects of 0, seen with noise: hardly a run finds any."""
    runs_that_find = 0
    for trial in range(20):
        values = np.random.default_rng(trial).normal(size=(1, 60, 200))
        p = Bootstrap(2000, trial).means(values, range(60)).p
        runs_that_find += any(q < 0.05 for q in benjamini_hochberg(list(p)))
    assert runs_that_find <= 5


@pytest.mark.parametrize(("effects", "fdr"), [(20, 0.05), (51, 0.05), (7, 0.3), (1, 1.0)])
def test_too_few_samples_to_find_one_of_many_effects(effects, fdr):
    """With as many as are said to be enough a huge effect among none is found, with somewhat fewer it is not."""
    (warning,) = sample_warnings(effects, 1, fdr)
    enough = int(warning.split("--samples ")[1].split()[0])
    assert sample_warnings(effects, enough, fdr) == []
    for samples, found in ((enough, True), (enough - 2, False)):
        p = [2 / (samples + 1), *[1.0] * (effects - 1)]
        assert (benjamini_hochberg(p)[0] < fdr) == found == (not sample_warnings(effects, samples, fdr))
