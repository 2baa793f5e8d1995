import pytest

from causal_mtl.training.trial import trial_problems

ADAM = {"type": "adam", "lr": 0.01}


def paths(**trainer):
    return [problem.path.removeprefix("trainer.") for problem in trial_problems({"device": "cpu", **trainer})]


@pytest.mark.parametrize(
    ("optimizer", "keys"),
    [
        ({"lr": -1}, ["lr"]),
        ({"lr": 0.1, "betas": [0.9, 2.0]}, ["betas"]),
        ({"type": "adam", "lr": -1, "betas": [0.9, 2.0], "weight_decay": 0.1}, ["lr", "betas"]),
        ({"type": "sgd", "lr": 0.1, "nesterov": True}, ["nesterov"]),
        ({"type": "adam", "capturable": True}, ["capturable"]),
        ({"type": "adam", "differentiable": True}, ["differentiable"]),
        ({"type": "adam", "params": []}, ["params"]),
        ({"type": "adam", "lr": "x"}, []),  # does not resolve: reported there
        ({"type": "adm", "lr": -1}, []),
        (ADAM, []),
        ("adamw", []),
    ],
)
def test_optimizers(optimizer, keys):
    assert paths(optimizer=optimizer) == [f"optimizer.{key}" for key in keys]


@pytest.mark.parametrize(
    ("group", "keys"),
    [
        ({"lr": -1}, ["lr"]),
        ({"betas": [2, 2], "lr": 0.1}, ["betas"]),
        ({"lr": "x"}, ["lr"]),
        ({"learning_rate": 0.1}, ["learning_rate"]),
        ({"params": []}, ["params"]),
        ({"requires_grad": False}, []),
        ({"lr": 0.1, "weight_decay": 0}, []),
        ({}, []),
    ],
)
def test_parameter_groups(group, keys):
    found = paths(optimizer=ADAM, parameter_groups=[{"regexes": ["a"]}, {"regexes": ["x"], **group}])
    assert found == [f"parameter_groups[1].{key}" for key in keys]


def test_a_good_group_is_not_blamed_for_a_bad_optimizer():
    assert paths(optimizer={"lr": -1}, parameter_groups=[{"regexes": ["x"], "lr": 0.1}]) == ["optimizer.lr"]


@pytest.mark.parametrize(
    ("optimizer", "scheduler", "keys"),
    [
        (ADAM, {"type": "polynomial_with_warmup", "lr_end": 1}, ["lr_scheduler.lr_end"]),
        ({**ADAM, "lr": 1e-9}, "polynomial_with_warmup", ["optimizer.lr"]),
        ({"type": "adagrad"}, {"type": "one_cycle", "max_lr": 0.1}, ["lr_scheduler"]),
        (
            {"type": "adagrad"},
            {"type": "one_cycle", "max_lr": 0.1, "cycle_momentum": True},
            ["lr_scheduler"],
        ),
        (ADAM, {"type": "one_cycle", "max_lr": [0.1, 0.1]}, []),  # two groups: x, and the rest
        (ADAM, {"type": "one_cycle", "max_lr": [0.1]}, []),
        (ADAM, {"type": "one_cycle", "max_lr": [0.1, 0.1, 0.1]}, ["lr_scheduler"]),
        (ADAM, {"type": "step", "step_size": 0}, []),  # does not resolve
        (ADAM, "linear", []),
        (ADAM, None, []),
    ],
)
def test_schedulers(optimizer, scheduler, keys):
    groups = [{"regexes": ["x"]}]
    assert paths(optimizer=optimizer, lr_scheduler=scheduler, parameter_groups=groups) == keys


def test_frozen_groups_have_no_rate():
    groups = [{"regexes": ["x"], "lr": 0.1}, *({"regexes": [name], "requires_grad": False} for name in "yz")]
    for rates, keys in (([0.1] * 2, []), ([0.1] * 3, ["lr_scheduler"])):
        scheduler = {"type": "one_cycle", "max_lr": rates}
        assert paths(optimizer=ADAM, lr_scheduler=scheduler, parameter_groups=groups) == keys


@pytest.mark.parametrize(
    "trainer", [{"optimizer": 3}, {"parameter_groups": 3}, {"parameter_groups": [3]}, {}]
)
def test_what_is_of_a_wrong_type_is_left_to_others(trainer):
    assert paths(**trainer) == []
