"""What the benchmarks compare computes the same thing."""

import sys
from pathlib import Path

import pytest
import torch

from causal_mtl.nn.label_transfer import LabelTransfer
from causal_mtl.nn.pair_scorer import PairScorer

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def cebab(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    import cebab

    return cebab


def review(original, stars, food="Positive", service="unknown"):
    labels = {"food": food, "service": service, "ambiance": "", "noise": ""}
    return {
        "original_id": original,
        "review_label_distribution": stars,
        **{f"{aspect}_aspect_majority": label for aspect, label in labels.items()},
    }


def test_true_effects_are_of_versions_that_differ_in_one_aspect(cebab):
    records = [
        review("1", {"5": 3, "4": 1}),  # 4.75
        review("1", {"2": 4}, "Negative"),
        review("1", {"3": 2}, "Negative"),  # pairs of one review: 2.75 and 1.75
        review("1", {"1": 2}, "Negative", service="Negative"),  # differs in two aspects
        review("1", {"1": 2}, "unknown"),
        review("2", {"4": 1}),
        review("2", {"3": 1}, "Negative"),
        review("3", {"4": 1}),
    ]
    assert cebab.of_reviews(records, "food") == pytest.approx({"1": 2.25, "2": 1.0})
    assert cebab.of_reviews(records, "service") == {}


def test_least_squares_finds_what_a_difference_of_means_confounds(cebab):
    """Stars: 1, + 2 for food, + 1 for service; where one is good the other mostly is."""
    labels = ["Negative", "Positive"]
    counts = {(0, 0): 4, (0, 1): 1, (1, 0): 1, (1, 1): 4}
    records = [
        review("1", {str(1 + 2 * food + service): 1}, labels[food], labels[service])
        for (food, service), count in counts.items()
        for _ in range(count)
    ]
    for record in records[::2]:
        record |= {"ambiance_aspect_majority": "Negative", "noise_aspect_majority": "Negative"}
    records += [r | {f"{a}_aspect_majority": "Positive" for a in ("ambiance", "noise")} for r in records]
    fitted = cebab.least_squares(records)
    assert (fitted["food"], fitted["service"]) == pytest.approx((2, 1))
    assert cebab.difference_of_means(records)["food"] == pytest.approx(2.6)


def test_errors_order_and_coverage(cebab):
    true = {aspect: {"effect": effect} for aspect, effect in zip(cebab.ASPECTS, (4, 3, 2, 1), strict=True)}
    found = {
        aspect: {
            "effect": effect,
            "low": effect - 0.5,
            "high": effect + 0.5,
            "by_seed": [effect, effect + shift],
        }
        for aspect, effect, shift in zip(cebab.ASPECTS, (4.4, 2, 2.2, 1), (0, 1, 0, 0), strict=True)
    }
    judgement = cebab.judged(found, true)
    assert judgement["mean_error"] == pytest.approx(0.4)
    assert judgement["order_right"] is False
    assert judgement["covered"] == ["food", "ambiance", "noise"]
    assert [seed["order_right"] for seed in judgement["by_seed"]] == [False, True]


def test_how_far_effects_in_known_worlds_are_off(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    from synthetic_effects import summary

    rows = [(0.5, 0.49, 0.4, 0.6), (0.5, 0.46, 0.42, 0.48), (-0.25, -0.19, -0.3, -0.1)]
    keys = ("truth", "effect", "low", "high")
    effects = [{"target": "B", **dict(zip(keys, row, strict=True))} for row in rows]
    effects.append({"target": "C", "truth": 0, "effect": 9, "low": 9, "high": 9})
    found = summary([{"effects": effects[:2]}, {"effects": effects[2:]}], "B")
    assert found == pytest.approx(
        {
            "effects": 3,
            "mean_error": 0.11 / 3,
            "largest_error": 0.06,
            "within_0.02": 1 / 3,
            "within_0.05": 2 / 3,
            "covered": 2 / 3,
            "mean_width": 0.46 / 3,
        }
    )


@pytest.fixture
def kinds(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    from published_scorer import KINDS

    return KINDS


def test_the_scorers_that_ours_is_measured_against_are_equal_to_it(kinds):
    torch.manual_seed(0)
    ours = PairScorer(6, 8, 5)
    states = torch.randn(3, 7, 6, requires_grad=True)
    mask = torch.arange(7) < torch.tensor([7, 3, 1]).unsqueeze(1)
    gold = torch.tensor([[0, 1, 2, 3], [1, 0, 0, 4], [1, 2, 0, 1]])
    pairs = torch.tensor([[0, 1, 2], [0, 6, 6], [1, 2, 0]])
    everyone = torch.ones(3, dtype=torch.bool)
    results = []
    for make in kinds.values():
        scorer = make(ours)
        loss, maxima = scorer(states, mask).reduce(gold, everyone)
        real = maxima[mask]
        (gradient,) = torch.autograd.grad(loss + real.sum(), states)
        cells = sorted(map(tuple, scorer(states, mask).cells(torch.tensor(0.5), pairs)[0].tolist()))
        results.append((loss, real, gradient, cells))
    for other in results[1:]:
        for one, two in zip(results[0][:3], other[:3], strict=True):
            torch.testing.assert_close(one, two)
        assert results[0][3] == other[3]
        assert results[0][3]


@pytest.mark.parametrize("kind", ["lstm", "gru", "concat"])
def test_folding_at_each_token_gives_what_folding_once_gives(monkeypatch, kind):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    from text_tasks import fold_at_each_token

    torch.manual_seed(0)
    transfer = LabelTransfer.by_name(kind)({"a": 3, "b": 2}, 5).double()
    texts = {"a": torch.rand(2, 1, 3, dtype=torch.float64), "b": torch.rand(2, 1, 2, dtype=torch.float64)}
    mask = torch.ones(2, 7, dtype=torch.bool)
    published = fold_at_each_token(transfer)
    torch.testing.assert_close(transfer(texts, mask), published(texts, mask))
    assert published({}, mask).shape == (2, 7, 0)
