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
