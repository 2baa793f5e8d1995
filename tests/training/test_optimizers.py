import pytest
import torch
from torch import nn

from causal_mtl.common import Lazy
from causal_mtl.training import Optimizer
from causal_mtl.training.optimizers import make_optimizer


def trained(name, **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))
    optimizer = make_optimizer(model, Lazy(Optimizer.by_name(name), {"lr": 0.01, **options}), [])
    for _ in range(20):
        model(torch.randn(11, 5)).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return optimizer, [parameter.detach() for parameter in model.parameters()]


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("options", [{}, {"amsgrad": True}, {"weight_decay": 0.1}], ids=str)
def test_one_pass_per_tensor_gives_what_a_pass_per_term_gives(name, options):
    fused, weights = trained(name, **options)
    plain, expected = trained(name, fused=False, **options)
    assert [group["fused"] for group in fused.param_groups + plain.param_groups] == [True, False]
    for weight, same in zip(weights, expected, strict=True):
        torch.testing.assert_close(weight, same, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "options", [{"foreach": True}, {"foreach": False}, {"differentiable": True}], ids=str
)
def test_how_the_config_wants_its_steps_stays(options):
    model = nn.Linear(2, 2)
    optimizer = make_optimizer(model, Lazy(Optimizer.by_name("adam"), options), [])
    assert optimizer.param_groups[0]["fused"] is None


def test_only_parameters_of_a_cpu_are_updated_in_one_pass():
    optimizer = make_optimizer(nn.Linear(2, 2, device="meta"), Lazy(Optimizer.by_name("adam")), [])
    assert optimizer.param_groups[0]["fused"] is None


@pytest.mark.parametrize("name", ["sgd", "adagrad", "rmsprop"])
def test_other_optimizers_keep_what_torch_does(name):
    optimizer, _ = trained(name)
    assert not optimizer.param_groups[0].get("fused")
