"""What the benchmarks compare computes the same thing."""

import sys
from pathlib import Path

import pytest
import torch

from causal_mtl.nn.label_transfer import LabelTransfer
from causal_mtl.nn.pair_scorer import PairScorer

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


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
