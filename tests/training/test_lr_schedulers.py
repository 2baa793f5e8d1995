import warnings

import pytest
import torch

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.training import LRScheduler, Optimizer, Trainer

STEPS_AN_EPOCH, EPOCHS = 5, 4
EXAMPLES = {
    "step": {"step_size": 2},
    "multi_step": {"milestones": [1, 3]},
    "exponential": {"gamma": 0.5},
    "cosine": {},
    "cosine_with_restarts": {"T_0": 2},
    "linear": {"total_iters": 3},
    "one_cycle": {"max_lr": 0.5},
    "reduce_on_plateau": {"patience": 0, "factor": 0.5},
    "constant_with_warmup": {"num_warmup_steps": 4},
    "linear_with_warmup": {"num_warmup_steps": 0.2},
    "cosine_with_warmup": {},
    "polynomial_with_warmup": {"power": 2.0},
    "inverse_sqrt_with_warmup": {"num_warmup_steps": 2},
}


def rates(name, params):
    """The rate of each step of a training, and after it."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = LRScheduler.from_params(
        Params({"type": name, **params}),
        optimizer=optimizer,
        num_training_steps=STEPS_AN_EPOCH * EPOCHS,
        num_epochs=EPOCHS,
    )
    seen = []
    for _ in range(EPOCHS):
        for _ in range(STEPS_AN_EPOCH):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.after_step()
        scheduler.after_epoch(1.0)
    return [*seen, optimizer.param_groups[0]["lr"]]


@pytest.mark.parametrize("name", LRScheduler.list_available())
def test_all_run_through_a_whole_training_in_silence(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen = rates(name, EXAMPLES[name])
    assert len(set(seen)) > 1


def test_some_rates():
    assert rates("multi_step", {"milestones": [1, 3]})[::5] == pytest.approx([0.1, 0.01, 0.01, 0.001, 0.001])
    warm = rates("linear_with_warmup", {"num_warmup_steps": 0.2})
    assert warm[:5] == pytest.approx([0.0, 0.025, 0.05, 0.075, 0.1])
    assert warm[-1] == 0.0
    assert rates("cosine", {})[-1] == pytest.approx(0.0)
    cycle = rates("one_cycle", {"max_lr": 0.5})
    assert max(cycle) == pytest.approx(0.5, rel=0.01)
    assert cycle[-1] < 1e-4
    assert rates("reduce_on_plateau", EXAMPLES["reduce_on_plateau"])[::5] == [0.1, 0.1, 0.05, 0.025, 0.0125]


def test_a_cycle_that_is_shorter_than_the_training_stays_at_its_end():
    cycle = rates("one_cycle", {"max_lr": 0.5, "num_training_steps": 7})
    assert cycle[7] < 1e-4
    assert cycle[7:] == [cycle[7]] * (STEPS_AN_EPOCH * EPOCHS + 1 - 7)


def test_mistakes_are_told():
    with pytest.raises(ConfigurationError, match="fraction"):
        rates("linear_with_warmup", {"num_warmup_steps": 1.5})
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    plateau = LRScheduler.from_params(Params({"type": "reduce_on_plateau"}), optimizer=optimizer)
    with pytest.raises(ConfigurationError, match="validation data"):
        plateau.after_epoch(None)


@pytest.mark.parametrize("name", Optimizer.list_available())
def test_optimizers_step(name):
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = Trainer.from_params(Params({"optimizer": {"type": name, "lr": 0.1}})).optimizer.construct(
        params=[weight]
    )
    weight.sum().backward()
    optimizer.step()
    assert (weight < 1).all()
