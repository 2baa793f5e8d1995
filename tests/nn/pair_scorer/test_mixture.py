"""Averages of pair scores against tables of all pairs."""

from dataclasses import replace

import pytest
import torch

from causal_mtl.nn.pair_scorer import NO_PARTNER, PairMixture, PairScorer
from causal_mtl.nn.pair_scorer import blocks as blocks_module

DOMAINS = ("all", "off_diagonal", "upper")
LENGTHS = [4, 1, 3]
EVERYONE = torch.tensor([True, True, False])


def make(domain, parts=3, scale=3.0):
    torch.manual_seed(2)
    scorer = PairScorer(5, 6, 3, domain=domain).double()
    torch.nn.init.normal_(scorer.bias)
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)
    scores = [scorer(scale * torch.randn(3, 4, 5, dtype=torch.float64), mask) for _ in range(parts)]
    weights = torch.rand(parts, 3, dtype=torch.float64)
    return PairMixture(scores, weights / weights.sum(0))


def table(scores):
    """σ(z) of all pairs, `(batch, tokens, tokens, labels)`; 0 where there is none."""
    hidden = torch.relu(scores.heads.unsqueeze(2) + scores.tails.unsqueeze(1))
    there = torch.zeros(3, 4, 4, 1, dtype=torch.float64)
    for row, length in enumerate(LENGTHS):
        for i in range(4):
            for j in range(4):
                scored = {"all": True, "off_diagonal": i != j, "upper": i <= j}[scores.domain]
                there[row, i, j] = scored and max(i, j) < length
    return torch.sigmoid(hidden @ scores.weight.T + scores.bias) * there


def averages(mixture):
    return sum(
        w[:, None, None, None] * table(part) for w, part in zip(mixture.weights, mixture.parts, strict=True)
    )


GOLD = torch.tensor([[0, 0, 1, 0], [0, 2, 3, 2], [1, 0, 0, 1]])


def gold_of(domain):
    return GOLD[:2] if domain == "off_diagonal" else GOLD


@pytest.mark.parametrize("block", [1, 40, 1 << 18])
@pytest.mark.parametrize("domain", DOMAINS)
def test_loss_maxima_and_likelihoods(domain, block, monkeypatch):
    monkeypatch.setattr(blocks_module, "BLOCK_ELEMENTS", block)
    mixture = make(domain)
    p = averages(mixture)
    likelihood = torch.log(1 - p).sum((1, 2, 3)) * EVERYONE
    for row, i, j, label in gold_of(domain).tolist():
        likelihood[row] += p[row, i, j, label].logit()
    found, maxima = mixture.reduce(GOLD, EVERYONE)
    torch.testing.assert_close(found, -likelihood.sum())
    torch.testing.assert_close(mixture.log_likelihood(GOLD, EVERYONE), likelihood)
    torch.testing.assert_close(mixture.loss(GOLD, EVERYONE), found)
    wanted = p.amax(2).logit().clamp(min=NO_PARTNER)
    torch.testing.assert_close(maxima, wanted)
    torch.testing.assert_close(mixture.maxima(), wanted)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("threshold", [0.5, 0.05])
def test_cells(domain, threshold):
    mixture = make(domain)
    p = averages(mixture)
    pairs = torch.tensor([[0, 0, 1], [0, 2, 2], [2, 0, 2], [1, 0, 0], [0, 3, 1]])
    for chosen in (None, pairs):
        cells, scores = mixture.cells(threshold, chosen)
        wanted = (p > threshold).nonzero()
        if chosen is not None:
            asked = {tuple(pair) for pair in chosen.tolist()}
            wanted = torch.tensor([c for c in wanted.tolist() if tuple(c[:3]) in asked]).reshape(-1, 4)
        assert sorted(map(tuple, cells.tolist())) == sorted(map(tuple, wanted.tolist()))
        torch.testing.assert_close(scores, p[cells.unbind(1)])
    assert len(mixture.cells(1.0)[0]) == 0


def test_turned():
    mixture = make("all")
    torch.testing.assert_close(averages(mixture.turned()), averages(mixture).transpose(1, 2))
    with pytest.raises(ValueError, match="turned"):
        make("upper").turned()


def test_covering_maxima():
    mixture = make("upper")
    p = averages(mixture)
    found = mixture.covering_maxima()
    for row, length in enumerate(LENGTHS):
        for token in range(4):
            wanted = p[row, : token + 1, token:].flatten(0, 1).amax(0).logit()
            wanted = wanted if token < length else torch.full_like(wanted, NO_PARTNER)
            torch.testing.assert_close(found[row, token], wanted)


@pytest.mark.parametrize("domain", DOMAINS)
def test_weights_of_gold(domain):
    mixture, weights = make(domain), torch.tensor([3.0, 1.0, 0.5], dtype=torch.float64)
    one = PairMixture(mixture.parts[:1], torch.ones(1, 3, dtype=torch.float64))
    torch.testing.assert_close(
        one.loss(GOLD, EVERYONE, weights), mixture.parts[0].loss(GOLD, EVERYONE, weights)
    )


def test_large_scores_stay_finite():
    mixture = make("all", scale=1e4)
    names = ("heads", "tails", "weight", "bias")
    parts = [replace(part, **{name: getattr(part, name).float() for name in names}) for part in mixture.parts]
    single = PairMixture(parts, mixture.weights.float())
    loss, maxima = single.reduce(GOLD, EVERYONE)
    assert loss.isfinite()
    assert maxima.isfinite().all()
    assert single.log_likelihood(GOLD, EVERYONE).isfinite().all()


def test_gradients_are_those_of_tables():
    mixture = make("all")
    inputs = [part.heads for part in mixture.parts] + [mixture.parts[0].weight]
    p = averages(mixture)
    dense = torch.zeros_like(p)
    dense[GOLD.unbind(1)] = 1
    real = torch.stack([part.mask for part in mixture.parts])[0]
    losses = torch.nn.functional.binary_cross_entropy(p, dense, reduction="none")
    wanted = (losses * (real[:, :, None] & real[:, None])[..., None] * EVERYONE[:, None, None, None]).sum()
    found = mixture.loss(GOLD, EVERYONE)
    torch.testing.assert_close(found, wanted)
    for one, other in zip(
        torch.autograd.grad(found, inputs), torch.autograd.grad(wanted, inputs), strict=True
    ):
        torch.testing.assert_close(one, other)
