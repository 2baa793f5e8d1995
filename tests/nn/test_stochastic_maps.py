import pytest
import torch
from torch.autograd import gradcheck
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import softplus

from causal_mtl.nn.stochastic_maps import (
    DeterministicGRUMap,
    DeterministicMLPMap,
    GRUMap,
    IdentityMap,
    MLPMap,
    StochasticMap,
)
from causal_mtl.nn.stochastic_maps.cells import EarlyPredictionCell, JointMLP

SIZE, LABELS = 4, 3
KINDS = [DeterministicGRUMap, DeterministicMLPMap, GRUMap, IdentityMap, MLPMap]
GAUSSIAN = [GRUMap, MLPMap]


def inputs(label_size=LABELS, scale=1.0):
    torch.manual_seed(1)
    states = scale * torch.randn(2, 3, SIZE, dtype=torch.float64)
    return states, torch.rand(2, 3, label_size, dtype=torch.float64)


def make(cls, label_size=LABELS, **options):
    torch.manual_seed(0)
    return cls(SIZE, label_size, **options).double()


def linear(layer, x):
    out = [sum(w * v for w, v in zip(row, x, strict=True)) for row in layer.weight]
    return torch.stack(out) + (0 if layer.bias is None else layer.bias)


def slow_mlp(layers, x):
    return linear(layers[2], torch.relu(linear(layers[0], x)))


def slow_cell(cell, h, y):
    """Eq. 7 at one token."""
    z = torch.sigmoid(linear(cell.update, torch.cat([h, y])))
    u = torch.sigmoid(linear(cell.reset, torch.cat([h, y])))
    candidate = torch.tanh(linear(cell.output, torch.cat([u * h, y])))
    return torch.stack([(1 - z[d]) * h[d] + z[d] * candidate[d] for d in range(SIZE)])


def slow_raw(module, h, y):
    if isinstance(module, EarlyPredictionCell):
        return slow_cell(module, h, y)
    return slow_mlp(module.layers, torch.cat([h, y]))


def distributions(mapping, h, y):
    """p(t | h, y') and r(t | y') at one token."""

    def sigma(raw, offset):
        return softplus(raw + offset) + 1e-6

    p = Normal(
        slow_raw(mapping.mean, h, y), sigma(slow_raw(mapping.deviation, h, y), mapping.deviation_offset)
    )
    if not len(y):
        return p, Normal(torch.zeros_like(h), torch.ones_like(h))
    prior_deviation = sigma(slow_mlp(mapping.prior_deviation, y), mapping.prior_deviation_offset)
    return p, Normal(slow_mlp(mapping.prior_mean, y), prior_deviation)


@pytest.mark.parametrize("label_size", [LABELS, 0])
def test_equation_7(label_size):
    cell = EarlyPredictionCell(SIZE, label_size).double()
    states, labels = inputs(label_size)
    assert all("bias" not in name for name, _ in cell.named_parameters())
    result = cell(states, labels)
    for row in range(2):
        for token in range(3):
            wanted = slow_cell(cell, states[row, token], labels[row, token])
            torch.testing.assert_close(result[row, token], wanted)


def test_equation_7_is_not_the_gru_of_torch():
    """There the reset gate is applied after the product, and z keeps the old state instead of the new."""
    cell, gru = (
        EarlyPredictionCell(SIZE, LABELS).double(),
        torch.nn.GRUCell(LABELS, SIZE, bias=False).double(),
    )
    joint = [cell.reset.weight, cell.update.weight, cell.output.weight]
    gru.weight_hh.data = torch.cat([weight[:, :SIZE] for weight in joint]).data
    gru.weight_ih.data = torch.cat([weight[:, SIZE:] for weight in joint]).data
    states, labels = (tensor.flatten(0, 1) for tensor in inputs())
    assert not torch.allclose(cell(states, labels), gru(labels, states), atol=1e-2)


@pytest.mark.parametrize("cls", GAUSSIAN)
@pytest.mark.parametrize("label_size", [LABELS, 0])
@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_kl_and_deviation_are_those_of_torch_distributions(cls, label_size, scale):
    mapping = make(cls, label_size, prior_hidden_size=6, deviation_offset=-2.0, prior_deviation_offset=-0.5)
    states, labels = inputs(label_size, scale)
    mapped = mapping.eval()(states, labels)
    kl, deviation = mapped.information()
    assert kl.shape == (2, 3)
    for row in range(2):
        for token in range(3):
            p, r = distributions(mapping, states[row, token], labels[row, token])
            torch.testing.assert_close(kl[row, token], kl_divergence(p, r).sum())
            torch.testing.assert_close(deviation[row, token], p.scale)
            torch.testing.assert_close(mapped.value[row, token], p.mean)  # t = μ in evaluation
    assert (kl >= 0).all()


@torch.no_grad()
@pytest.mark.parametrize("cls", GAUSSIAN)
def test_training_draws_from_the_distribution(cls):
    mapping = make(cls, deviation_offset=0.0)
    states, labels = inputs()
    torch.manual_seed(2)
    draws = torch.stack([mapping(states, labels).value for _ in range(4000)])
    mapped = mapping.eval()(states, labels)
    scores = (draws - mapped.value) / mapped.information().deviation
    assert float(scores.mean(0).abs().max()) < 5 / 4000**0.5
    assert float((scores.var(0) - 1).abs().max()) < 5 * (2 / 4000) ** 0.5
    assert torch.equal(mapping(states, labels).value, mapping(states, labels).value)


@pytest.mark.parametrize("cls", KINDS)
@pytest.mark.parametrize("label_size", [LABELS, 0])
def test_gradients(cls, label_size):
    mapping = make(cls, label_size)
    states, labels = (tensor.requires_grad_() for tensor in inputs(label_size))

    def value_and_kl(states, labels):
        torch.manual_seed(3)  # the same draw
        mapped = mapping(states, labels)
        return (mapped.value,) if mapped.information is None else (mapped.value, mapped.information().kl)

    assert gradcheck(value_and_kl, (states, labels))


@pytest.mark.parametrize("cls", GAUSSIAN)
def test_the_offset_moves_sigma(cls):
    states, labels = (torch.zeros_like(tensor) for tensor in inputs())
    for offset in (-3.0, 0.0):
        mapping = make(cls, deviation_offset=offset)
        for parameter in mapping.parameters():
            parameter.data.zero_()
        deviation = mapping(states, labels).information().deviation
        torch.testing.assert_close(deviation, torch.full_like(deviation, float(softplus(torch.tensor(offset)))),
                                   atol=2e-6, rtol=0)  # fmt: skip
    assert float(deviation.detach().flatten()[0]) == pytest.approx(0.69, abs=0.01)


@pytest.mark.parametrize("largest", [0.9, 2.0, 5.0])
def test_a_gru_bounds_sigma_by_the_states(largest):
    """Between softplus(o ± max(1, |h|))."""
    torch.manual_seed(0)
    mapping = GRUMap(SIZE, LABELS).double()
    for parameter in mapping.parameters():
        torch.nn.init.normal_(parameter, std=20.0)
    states, labels = (
        largest * (2 * torch.rand(1, 2000, SIZE).double() - 1),
        torch.rand(1, 2000, LABELS).double(),
    )
    sigma = mapping(states, labels).information().deviation
    bound = (
        softplus(torch.tensor([-3.0, -3.0]).double() + max(1.0, largest) * torch.tensor([-1.0, 1.0])) + 1e-6
    )
    assert bound[0] <= sigma.min()
    assert 0.9 * bound[1] < sigma.max() <= bound[1]


def test_sigma_never_gets_zero():
    mapping = make(GRUMap, deviation_offset=-200.0)
    kl, deviation = mapping(*inputs()).information()
    assert (deviation >= 1e-6).all()
    assert kl.isfinite().all()


@pytest.mark.parametrize("cls", GAUSSIAN)
def test_the_draw_and_the_information_share_one_sigma(cls):
    mapping = make(cls)
    calls = []
    mapping.deviation.register_forward_hook(lambda *_: calls.append(1))
    mapped = mapping(*inputs())
    mapped.information()
    assert len(calls) == 1


@pytest.mark.parametrize("cls", GAUSSIAN)
def test_evaluation_computes_no_information_that_nobody_asks_for(cls):
    mapping = make(cls).eval()

    def refuse(*_):
        raise AssertionError

    for part in (mapping.deviation, mapping.prior_mean, mapping.prior_deviation):
        part.register_forward_hook(refuse)
    mapped = mapping(*inputs())
    with pytest.raises(AssertionError):
        mapped.information()


def test_maps_without_chance():
    states, labels = inputs()
    for cls, wanted in [
        (DeterministicGRUMap, lambda m: m.cell(states, labels)),
        (DeterministicMLPMap, lambda m: m.cell(states, labels)),
        (IdentityMap, lambda m: states),
    ]:
        mapping = make(cls)
        mapped = mapping(states, labels)
        assert mapped.information is None
        assert torch.equal(mapped.value, wanted(mapping))
    mlp = JointMLP(SIZE, LABELS).double()
    torch.testing.assert_close(mlp(states, labels)[1, 2], slow_raw(mlp, states[1, 2], labels[1, 2]))


def test_all_registered_maps_are_tested_here():
    assert {StochasticMap.by_name(name) for name in StochasticMap.list_available()} == set(KINDS)


@pytest.mark.parametrize("cls", KINDS)
def test_a_token_does_not_see_another(cls):
    mapping = make(cls).eval()
    states, labels = inputs()
    together = mapping(states, labels).value
    alone = mapping(states[1:, 2:], labels[1:, 2:]).value
    torch.testing.assert_close(together[1:, 2:], alone)


def test_mixed_precision_keeps_the_kl_in_full():
    mapping = make(GRUMap).float()
    states, labels = (tensor.float() for tensor in inputs())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        kl, deviation = mapping(states, labels).information()
    assert kl.dtype == deviation.dtype == torch.float32
