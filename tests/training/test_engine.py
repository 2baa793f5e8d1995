import pytest
import torch
from torch import nn

from causal_mtl.training import Engine


def parameter_with(gradient):
    parameter = nn.Parameter(torch.zeros(4))
    parameter.grad = None if gradient is None else torch.tensor(gradient)
    return parameter


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf")])
def test_the_parameters_whose_gradients_are_not_finite_are_named(odd):
    gradients = [[1.0, 2.0, 3.0, 4.0], None, [0.0, odd, 0.0, 0.0], [1e30, 1e30, 0.0, 0.0], [odd] * 4]
    assert Engine("cpu").finish_gradients(map(parameter_with, gradients)) == [2, 4]


def test_a_gradient_whose_norm_overflows_is_finite():
    parameter = parameter_with([3e38, -3e38, 0.0, 1.0])
    assert torch.isinf(parameter.grad.norm())
    assert Engine("cpu").finish_gradients([parameter]) == []


def test_without_gradients_nothing_is_wrong():
    assert Engine("cpu").finish_gradients([parameter_with(None)], max_norm=1.0) == []


def test_the_environment_does_not_divide_gradients(monkeypatch):
    monkeypatch.setenv("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "4")
    weight = nn.Parameter(torch.tensor(2.0))
    Engine("cpu").backward(weight * 8)
    assert weight.grad == 8


def test_clipping_bounds_values_then_the_norm_of_all():
    parameters = [parameter_with([3.0, 0.0, 0.0, 0.0]), parameter_with([0.0, -4.0, 0.0, 0.0])]
    assert Engine("cpu").finish_gradients(parameters, max_norm=1.0, max_value=3.0) == []
    assert torch.cat([p.grad for p in parameters]).norm() == pytest.approx(1.0, abs=1e-5)
    assert parameters[0].grad[0] == -parameters[1].grad[1]


def test_what_is_not_finite_is_not_clipped():
    parameters = [parameter_with([3.0, 0.0, 0.0, 0.0]), parameter_with([float("nan")] * 4)]
    assert Engine("cpu").finish_gradients(parameters, max_norm=1.0) == [1]
    assert parameters[0].grad.tolist() == [3.0, 0.0, 0.0, 0.0]


@pytest.fixture
def scaled():
    """An engine with the loss scaler of fp16, which needs no GPU itself."""
    engine = Engine("cpu")
    engine.accelerator.scaler = torch.amp.GradScaler("cpu")
    return engine


@pytest.mark.parametrize("first", [True, False])
def test_a_loss_scaler_bears_a_step_without_gradients(scaled, first):
    weight = nn.Parameter(torch.ones(()))
    optimizer = scaled.prepare_optimizer(torch.optim.SGD([weight], lr=0.5))
    for has_gold in [False, True, False] if first else [True, False, True]:
        if has_gold:
            scaled.backward(weight * 1.0)
        before = weight.item()
        assert scaled.finish_gradients([weight]) == []
        assert scaled.step(optimizer)
        assert weight.item() == before - 0.5 * has_gold


@pytest.mark.parametrize("fused", [False, True])
def test_an_overflow_is_told_whoever_notices_it(scaled, fused):
    weight = nn.Parameter(torch.ones(()))
    optimizer = scaled.prepare_optimizer(torch.optim.SGD([weight], lr=0.5, fused=fused))
    scale = scaled.loss_scale
    scaled.backward(weight * float("inf"))
    scaled.finish_gradients([weight])
    assert not scaled.step(optimizer)
    assert (weight.item(), scaled.loss_scale) == (1.0, scale / 2)
