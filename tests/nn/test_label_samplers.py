import pytest
import torch
from torch.autograd import gradcheck

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.nn.label_samplers import (
    ArgmaxSampler,
    Gold,
    GoldSampler,
    GumbelSampler,
    LabelSampler,
    MixedSampler,
    PosteriorSampler,
    ScheduledSampler,
    SoftSampler,
    gumbel,
)
from causal_mtl.nn.schedules import Linear

LOGITS = torch.tensor([[[1.0, -0.5, 0.3, -2.0]]])
EULER = 0.5772156649


def fixed_noise(monkeypatch, *draws):
    """Let the next calls of `gumbel_noise` return `draws`."""
    draws = iter(draws)
    monkeypatch.setattr(gumbel, "gumbel_noise", lambda like: next(draws))


def far(counts, expected):
    """χ² in units of its standard deviation under the hypothesis, for counts of equal trials."""
    chi_square = ((counts - expected) ** 2 / expected).sum()
    freedom = len(expected) - 1
    return float((chi_square - freedom) / (2 * freedom) ** 0.5)


def test_noise_is_gumbel():
    torch.manual_seed(0)
    noise = gumbel.gumbel_noise(torch.empty(400_000))
    assert float(noise.mean()) == pytest.approx(EULER, abs=0.01)
    assert float(noise.var()) == pytest.approx(torch.pi**2 / 6, rel=0.01)
    for x in (-1.0, 0.0, 1.0, 3.0):
        below = (noise < x).float().mean()
        assert float(below) == pytest.approx(float(torch.exp(-torch.exp(torch.tensor(-x)))), abs=4e-3)


@pytest.mark.parametrize("temperature", [0.01, 0.05, 2.0])
def test_the_largest_entry_of_a_sample_is_distributed_as_the_category(temperature):
    torch.manual_seed(1)
    draws = 100_000
    sample = GumbelSampler(temperature)(LOGITS.expand(1, draws, -1), exclusive=True)
    torch.testing.assert_close(sample.sum(-1), torch.ones(1, draws))
    counts = sample.argmax(-1).flatten().bincount(minlength=4)
    assert abs(far(counts, LOGITS.softmax(-1).flatten() * draws)) < 4


def test_a_cold_sample_is_nearly_one_hot():
    torch.manual_seed(1)
    sample = GumbelSampler(0.01)(LOGITS.expand(1, 20_000, -1), exclusive=True)
    assert float((sample.amax(-1) > 0.99).float().mean()) > 0.95
    torch.testing.assert_close(sample.mean(1), LOGITS.softmax(-1)[0], atol=0.02, rtol=0)


@pytest.mark.parametrize("temperature", [0.01, 2.0])
def test_the_binary_form_is_distributed_as_a_bernoulli_a_label(temperature):
    torch.manual_seed(2)
    draws = 100_000
    sample = GumbelSampler(temperature)(LOGITS.expand(1, draws, -1), exclusive=False)
    for label, probability in enumerate(LOGITS.flatten().sigmoid()):
        held = (sample[0, :, label] > 0.5).sum()
        counts, expected = torch.stack([held, draws - held]), torch.stack([probability, 1 - probability])
        assert abs(far(counts, expected * draws)) < 4 * 2**0.5


def test_equation_9(monkeypatch):
    torch.manual_seed(3)
    logits, noise = torch.randn(2, 2, 3, 4, dtype=torch.float64)
    fixed_noise(monkeypatch, noise)
    sample = GumbelSampler(0.7)(logits, exclusive=True)
    for row in range(2):
        for token in range(3):
            powers = [
                torch.exp((o + g) / 0.7) for o, g in zip(logits[row, token], noise[row, token], strict=True)
            ]
            for label in range(4):
                torch.testing.assert_close(sample[row, token, label], powers[label] / sum(powers))


def test_equation_9_for_labels_that_do_not_exclude_each_other(monkeypatch):
    torch.manual_seed(3)
    logits, one, zero = torch.randn(3, 2, 3, 4, dtype=torch.float64)
    fixed_noise(monkeypatch, one, zero)
    sample = GumbelSampler(0.7)(logits, exclusive=False)
    for place, value in enumerate(sample.flatten()):
        noisy = (logits.flatten()[place] + one.flatten()[place] - zero.flatten()[place]) / 0.7
        torch.testing.assert_close(value, 1 / (1 + torch.exp(-noisy)))


@pytest.mark.parametrize("exclusive", [True, False])
def test_gradient_of_a_sample(monkeypatch, exclusive):
    torch.manual_seed(4)
    logits = torch.randn(1, 2, 3, dtype=torch.float64, requires_grad=True)
    one, zero = torch.randn(2, 1, 2, 3, dtype=torch.float64)

    def sample(logits):
        fixed_noise(monkeypatch, one, zero)
        return GumbelSampler(0.5)(logits, exclusive)

    assert gradcheck(sample, logits)


@pytest.mark.parametrize("exclusive", [True, False])
def test_straight_through_is_hard_forward_and_soft_backward(exclusive):
    logits = (3 * torch.randn(2, 200, 5)).requires_grad_()
    weights = torch.randn(2, 200, 5)
    results = []
    for straight_through in (True, False):
        torch.manual_seed(5)
        sample = GumbelSampler(0.5, straight_through)(logits, exclusive)
        (gradient,) = torch.autograd.grad((sample * weights).sum(), logits)
        results.append((sample, gradient))
    (hard, of_hard), (soft, of_soft) = results
    assert ((hard == 0) | (hard == 1)).all()  # exactly
    if exclusive:
        assert torch.equal(hard.argmax(-1), soft.argmax(-1))
        assert (hard.sum(-1) == 1).all()
    else:
        assert torch.equal(hard > 0.5, soft > 0.5)
    torch.testing.assert_close(of_hard, of_soft)
    assert of_soft.abs().sum() > 0


@pytest.mark.parametrize("exclusive", [True, False])
def test_extreme_logits_give_no_nan(exclusive):
    logits = torch.tensor([[[-1e4, 1e4, 0.0], [-1e4, -1e4, -1e4]]], requires_grad=True)
    sample = GumbelSampler(0.05)(logits, exclusive)
    sample.sum().backward()
    assert sample.isfinite().all()
    assert logits.grad.isfinite().all()


def test_half_precision_logits_are_sampled_in_full():
    assert GumbelSampler()(LOGITS.bfloat16(), exclusive=True).dtype == torch.float32


@pytest.mark.parametrize("name", LabelSampler.list_available())
@pytest.mark.parametrize("exclusive", [True, False])
def test_evaluation_takes_the_most_likely_label(name, exclusive):
    config = {"type": name, **({"gold_epochs": 1} if name == "scheduled" else {})}
    sampler = LabelSampler.from_params(Params(config)).eval()
    wanted = [[[1.0, 0.0, 0.0, 0.0]]] if exclusive else [[[1.0, 0.0, 1.0, 0.0]]]
    assert sampler(LOGITS, exclusive).tolist() == wanted
    gold = Gold(torch.ones_like(LOGITS), torch.ones(1, 1, 1, dtype=torch.bool))
    assert sampler(LOGITS, exclusive, gold).tolist() == wanted  # and looks at no gold


def test_the_samplers_without_chance_in_training():
    torch.testing.assert_close(SoftSampler()(LOGITS, True), LOGITS.softmax(-1))
    torch.testing.assert_close(SoftSampler()(LOGITS, False), LOGITS.sigmoid())
    for sampler in (ArgmaxSampler(), GoldSampler()):
        assert sampler(LOGITS, True).tolist() == [[[1, 0, 0, 0]]]
        assert sampler(LOGITS, False).tolist() == [[[1, 0, 1, 0]]]
    logits = LOGITS.clone().requires_grad_()
    assert not ArgmaxSampler()(logits, True).requires_grad
    assert SoftSampler()(logits, True).requires_grad


def some_gold(batch=3, known=(True, False, True)):
    """Gold of the last label, and logits under which it is the least likely."""
    labels = torch.zeros(batch, 1, 4)
    labels[..., 3] = 1
    return LOGITS.expand(batch, 1, -1), Gold(labels, torch.tensor(known)[:, None, None])


def hands_on_gold(sampler, exclusive=True):
    """In which texts gold is handed on."""
    logits, gold = some_gold()
    return (sampler(logits, exclusive, gold) == gold.labels).all(-1).flatten().tolist()


@pytest.mark.parametrize("exclusive", [True, False])
def test_which_samplers_hand_on_gold(exclusive):
    for sampler in (ArgmaxSampler(), SoftSampler(), GumbelSampler(), MixedSampler(0.0)):
        assert hands_on_gold(sampler, exclusive) == [False] * 3
    for sampler in (GoldSampler(), PosteriorSampler(), ScheduledSampler(1), MixedSampler(1.0)):
        assert hands_on_gold(sampler, exclusive) == [True, False, True]
        assert hands_on_gold(sampler.eval(), exclusive) == [False] * 3


def test_where_gold_is_missing_a_label_is_made():
    logits, gold = some_gold()
    for sampler in (GoldSampler(), PosteriorSampler()):
        assert sampler(logits, True, gold)[1].tolist() == [[1, 0, 0, 0]]
    torch.testing.assert_close(MixedSampler(1.0, SoftSampler())(logits, True, gold)[1], LOGITS[0].softmax(-1))


def test_mixed_throws_a_coin_for_each_text():
    torch.manual_seed(0)
    batch = 20_000
    logits, gold = some_gold(batch, (True,) * batch)
    logits, labels = logits.expand(-1, 5, -1), gold.labels.expand(-1, 5, -1)
    found = MixedSampler(0.3, ArgmaxSampler())(logits, True, Gold(labels, gold.known))
    is_gold = (found == labels).all(-1)
    assert (is_gold.all(1) | ~is_gold.any(1)).all()  # all positions of a text together
    assert float(is_gold.float().mean()) == pytest.approx(0.3, abs=4 * (0.3 * 0.7 / batch) ** 0.5)


def test_mixed_hands_schedules_on():
    sampler = MixedSampler(0.5, GumbelSampler(Linear(1.0, 0.2, epochs=4)))
    sampler.begin_epoch(3)
    assert sampler.watched() == {"temperature": pytest.approx(0.6)}


def test_what_becomes_of_missing_gold():
    assert [GoldSampler(missing).missing for missing in ("argmax", "drop", "marginal")] == [
        "sample", "drop", "marginal",
    ]  # fmt: skip
    assert {kind().missing for kind in (ArgmaxSampler, GumbelSampler, SoftSampler, MixedSampler)} == {
        "sample"
    }
    assert PosteriorSampler().missing == "posterior"
    mixed = MixedSampler(0.5, PosteriorSampler(budget=7, draws=5))
    assert (mixed.missing, mixed.marginal.budget, mixed.marginal.draws) == ("posterior", 7, 5)
    sampler = ScheduledSampler(1, then=PosteriorSampler(budget=7, draws=5))
    assert sampler.missing == "sample"
    sampler.begin_epoch(2)
    assert sampler.missing == "posterior"
    assert (sampler.marginal.budget, sampler.marginal.draws) == (7, 5)


def test_the_temperature_follows_its_schedule():
    sampler = GumbelSampler(Linear(1.0, 0.2, epochs=4))
    assert sampler.temperature == 1.0
    seen = []
    for epoch in (1, 3, 5, 9):
        sampler.begin_epoch(epoch)
        seen.append(sampler.temperature)
    assert seen == pytest.approx([1.0, 0.6, 0.2, 0.2])


def test_scheduled_switches_from_gold_to_the_other():
    sampler = ScheduledSampler(2, then=GumbelSampler(Linear(1.0, 0.2, epochs=4)))
    assert hands_on_gold(sampler) == [True, False, True]  # before training says anything
    for epoch, on_gold, temperature in [(1, True, 1), (2, True, 1), (3, False, 1), (5, False, 0.6)]:
        sampler.begin_epoch(epoch)
        assert hands_on_gold(sampler) == [on_gold, False, on_gold]
        assert sampler.then.temperature == pytest.approx(temperature)
        hard = sampler(LOGITS, True)
        assert (hard.amax() == 1.0) == on_gold
    sampler.begin_epoch(1)  # recovered
    assert hands_on_gold(sampler) == [True, False, True]


def test_scheduled_is_by_default_followed_by_gumbel_at_the_published_temperature():
    sampler = LabelSampler.from_params(Params({"type": "scheduled", "gold_epochs": 5}))
    assert isinstance(sampler.then, GumbelSampler)
    assert sampler.then.temperature == 0.05


def test_a_config_gives_a_number_or_a_schedule():
    sampler = LabelSampler.from_params(Params({"temperature": 0.5}))  # gumbel by default
    assert sampler.temperature == 0.5
    schedule = {"type": "exponential", "start": 1.0, "end": 0.05, "epochs": 10}
    sampler = LabelSampler.from_params(Params({"type": "gumbel", "temperature": schedule}))
    sampler.begin_epoch(11)
    assert sampler.temperature == pytest.approx(0.05)
    with pytest.raises(ConfigurationError):
        LabelSampler.from_params(Params({"type": "gumbel", "temperature": 0.0}))
