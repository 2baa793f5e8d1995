"""What is handed on, and by what it is drawn."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from causal_mtl.nn.inference import Distribution, FreshNoise, Marginal, MostLikely, Soft, TextNoise
from causal_mtl.nn.labels import log_probability, probabilities

TEXTS, LENGTHS = ["a b c", "d"], [3, 1]


def distribution(worlds=1, positions=3, exclusive=True, of_texts=False, **more):
    torch.manual_seed(0)
    logits = 2 * torch.randn(worlds, 2, positions, 4, dtype=torch.float64)
    mask = torch.tensor([[True] * 3, [True, False, False]])[:, :positions]
    weights = torch.full((worlds, 2), 1 / worlds, dtype=torch.float64)
    return Distribution("task", logits, exclusive, mask, of_texts, weights.log(), total=worlds, **more)


def noise(seed=0):
    return TextNoise(TEXTS, LENGTHS, seed)


@pytest.mark.parametrize("exclusive", [True, False])
def test_one_label_in_each_world(exclusive):
    given = distribution(2, exclusive=exclusive)
    likely, soft = (kind().branch(given, noise()) for kind in (MostLikely, Soft))
    assert likely.log_shares is soft.log_shares is None
    torch.testing.assert_close(soft.labels, probabilities(given.logits, exclusive))
    wanted = soft.labels == soft.labels.amax(-1, keepdim=True) if exclusive else soft.labels > 0.5
    assert torch.equal(likely.labels, wanted.double())


@pytest.mark.parametrize(("exclusive", "number"), [(True, 4), (False, 16)])
def test_labels_of_texts_are_listed_within_the_budget(exclusive, number):
    given = distribution(2, 1, exclusive, of_texts=True)
    found = Marginal(2 * number).branch(given, noise())
    assert found.labels.shape == (2 * number, 2, 1, 4)
    assert not found.drawn
    for world in range(2):
        part = slice(world * number, (world + 1) * number)
        assert len({tuple(label) for label in found.labels[part, 0, 0].tolist()}) == number
        torch.testing.assert_close(found.log_shares[part].exp().sum(0), torch.ones(2, dtype=torch.float64))
        mean = (found.log_shares[part].exp()[..., None] * found.labels[part, :, 0]).sum(0)
        torch.testing.assert_close(mean, probabilities(given.logits[world, :, 0], exclusive))
    assert Marginal(2 * number - 1).branch(given, noise()).drawn
    assert Marginal(10**6).branch(distribution(2, 1, exclusive, True, listed=False), noise()).drawn
    assert (
        Marginal(10**6).branch(distribution(2, 1, exclusive, False), noise()).drawn
    )  # one token, not a text


@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("source", [noise(), FreshNoise()])
def test_draws_have_the_probabilities(exclusive, source):
    given = distribution(2, exclusive=exclusive, listed=False)
    draws = 4000
    torch.manual_seed(3)
    found = Marginal(draws=2 * draws).branch(given, source)
    assert found.labels.shape == (2 * draws, 2, 3, 4)
    torch.testing.assert_close(found.log_shares.exp().sum(0), torch.full((2,), 2.0), check_dtype=False)
    shares = found.labels.unflatten(0, (2, draws)).mean(1)
    p = probabilities(given.logits, exclusive)
    error = 4.5 * (p * (1 - p) / draws).sqrt() + 1e-9
    assert ((shares - p).abs() < error)[:, given.mask].all()


def test_draws_of_positions_are_independent():
    given = distribution()
    found = Marginal(draws=20_000).branch(given, noise()).labels[:, 0]
    together = torch.einsum("wi,wj->ij", found[:, 0], found[:, 1]) / len(found)
    p = probabilities(given.logits[0, 0], True)
    torch.testing.assert_close(together, p[0, :, None] * p[1], atol=0.012, rtol=0)


def test_noise_is_stratified_and_a_function_of_seed_text_and_task():
    given = distribution()
    found = noise().draw(given, 10, 2)
    assert found.shape == (10, 2, 3, 2)
    ordered = found[:, 0].sort(dim=0).values
    for number, of_part in enumerate(ordered):
        assert ((of_part >= number / 10) & (of_part <= (number + 1) / 10)).all()
    assert len({tuple(found[:, 0, p, w].argsort().tolist()) for p in range(3) for w in range(2)}) == 6
    alone = TextNoise(["d"], [1], 0).draw(distribution(positions=1), 10, 2)
    assert torch.equal(alone[:, 0], found[:, 1, :1])
    others = [
        noise(1).draw(given, 10, 2)[:, 0],
        TextNoise(["x", "d"], LENGTHS, 0).draw(given, 10, 2)[:, 0],
        noise().draw(replace(given, name="other"), 10, 2)[:, 0],
    ]
    for one, other in pairwise([found[:, 0], *others]):
        assert not torch.allclose(one, other)


def test_some_worlds_draw_their_part():
    every = noise().draw(distribution(4), 3, 1)
    part = replace(distribution(2), total=4, first=2)
    assert torch.equal(noise().draw(part, 3, 1), every[6:])


def test_the_global_generator_is_left_alone():
    given, before = distribution(), torch.get_rng_state()
    Marginal(draws=5).branch(given, noise())
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("exclusive", [True, False])
def test_the_gradient_of_a_drawn_share_is_that_of_its_probability(exclusive):
    given = distribution(exclusive=exclusive)
    logits = given.logits.requires_grad_()
    found = Marginal(draws=3).branch(given, noise())
    torch.testing.assert_close(found.log_shares.exp().sum(0), torch.ones(2), check_dtype=False)
    log_p = log_probability(logits, found.labels, exclusive)[:, given.mask].sum()
    wanted = torch.autograd.grad(log_p, logits)[0]
    torch.testing.assert_close(torch.autograd.grad(found.log_shares.sum(), logits)[0], wanted)


# Some worlds are listed, and then labels are drawn.


def test_worlds_are_chosen_by_weight():
    given = distribution(4, 1)
    p = torch.tensor([[0.9, 0.3], [0.0, 0.0], [0.04, 0.7], [0.06, 0.0]], dtype=torch.float64)
    weights = (3 * p).log()  # any sum will do
    found = Marginal(draws=20).branch(replace(given, log_weights=weights), noise())
    assert found.labels.shape == (20, 2, 1, 4)
    counts = torch.nn.functional.one_hot(found.worlds, 4).sum(0).T
    assert ((counts >= (20 * p).floor()) & (counts <= (20 * p).ceil())).all()
    new = found.log_shares + weights.gather(0, found.worlds)
    torch.testing.assert_close(new.exp(), torch.full((20, 2), 3 / 20, dtype=torch.float64))


def test_a_draw_in_each_world_is_from_its_own_distribution():
    logits = torch.full((3, 2, 3, 4), -50.0).double()
    for world in range(3):
        logits[world, :, :, world] = 50.0
    given = replace(distribution(3), logits=logits)
    found = Marginal(draws=9).branch(given, noise())
    labels, wanted = found.labels.argmax(-1), found.worlds.unsqueeze(-1).expand(9, 2, 3)
    assert torch.equal(labels[:, given.mask], wanted[:, given.mask])


def test_where_one_world_weighs_most_draws_count_as_many():
    """103 listed worlds, one of which has nearly all of the weight, in 400 texts."""
    texts, draws, p = 400, 32, torch.tensor([0.7, 0.2, 0.1])
    weights = torch.full((103, texts), 0.03 / 102)
    weights[1] = 0.97
    logits = p.log().expand(103, texts, 1, 3)
    mask = torch.ones(texts, 1, dtype=torch.bool)
    given = Distribution("task", logits, True, mask, True, weights.log(), total=103)
    source = TextNoise([str(number) for number in range(texts)], [1] * texts, 0)
    found = Marginal(draws=draws).branch(given, source)
    new = (found.log_shares + given.log_weights.gather(0, found.worlds)).exp()
    estimates = (new.unsqueeze(-1) * found.labels[:, :, 0]).sum(0)
    error = (estimates - p).square().mean(0).sqrt()
    assert (error < (p * (1 - p) / draws).sqrt()).all()
    assert ((estimates - p).mean(0).abs() < 4 * error / texts**0.5 + 1e-6).all()


def test_the_worlds_of_a_text_depend_on_it_alone():
    weights = torch.randn(5, 2).double()
    given = replace(distribution(5), log_weights=weights)
    found = Marginal(draws=7).branch(given, noise())
    alone = replace(
        given, logits=given.logits[:, 1:, :1], log_weights=weights[:, 1:], mask=given.mask[1:, :1]
    )
    other = Marginal(draws=7).branch(alone, TextNoise(["d"], [1], 0))
    assert torch.equal(found.worlds[:, 1:], other.worlds)
    assert torch.equal(found.labels[:, 1:, :1], other.labels)
    assert not torch.equal(noise().offsets(given), noise(1).offsets(given))
    assert not torch.equal(noise().offsets(given), noise().offsets(replace(given, name="other")))


def test_the_gradient_of_chosen_worlds_is_on_average_that_of_the_sum():
    """Of Σ_w p(w) f(w), with weights that do not sum to 1."""
    texts, worlds, draws = 3000, 4, 3
    log_weights = torch.randn(worlds, 1).double().requires_grad_()
    values = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    mask = torch.ones(texts, 1, dtype=torch.bool)
    logits = torch.zeros(worlds, texts, 1, 2, dtype=torch.float64)
    of_texts = log_weights.expand(worlds, texts)
    given = Distribution("task", logits, True, mask, False, of_texts, total=worlds)
    torch.manual_seed(0)
    found = Marginal(draws=draws).branch(given, FreshNoise())
    new = (found.log_shares + of_texts.gather(0, found.worlds)).exp()
    estimates = (new * values[found.worlds]).sum(0)
    wanted = (log_weights.exp().squeeze(1) * values).sum()
    torch.testing.assert_close(estimates.mean(), wanted, rtol=0.03, atol=0.03)
    gradient, of_sum = (torch.autograd.grad(of, log_weights)[0] for of in (estimates.mean(), wanted))
    torch.testing.assert_close(gradient, of_sum, rtol=0.05, atol=0.05)
