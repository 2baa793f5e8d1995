import pytest
from torch import nn
from training_fakes import FakeModel

from causal_mtl.common import ConfigurationError, Lazy, Params
from causal_mtl.training import Optimizer, ParameterGroup
from causal_mtl.training.lr_schedulers import LRScheduler
from causal_mtl.training.optimizers import make_optimizer
from causal_mtl.training.parameter_groups import optimizer_groups
from causal_mtl.training.trial import trial_problems


def group(*regexes, **options):
    return ParameterGroup.from_params(Params({"regexes": list(regexes), **options}))


def names(model, groups):
    by_id = {id(p): name for name, p in model.named_parameters()}
    return [[by_id[id(p)] for p in g["params"]] for g in groups]


def test_each_parameter_is_in_the_first_group_that_matches():
    model = FakeModel()
    groups = optimizer_groups(
        model, [group(r"^heads\.colour", lr=0.1), group("bias$", "embedding", weight_decay=0.0)]
    )
    assert names(model, groups) == [
        ["heads.colour.weight", "heads.colour.bias"],
        ["embedding.weight", "encoder.bias", "heads.size.bias"],
        ["encoder.weight", "heads.size.weight"],
    ]
    assert groups[0]["lr"] == 0.1
    assert "lr" not in groups[2]


def test_frozen_parameters_are_not_optimized():
    model = FakeModel()
    optimizer = make_optimizer(
        model, Lazy(Optimizer.by_name("sgd")), [group("embedding", requires_grad=False)]
    )
    assert not model.embedding.weight.requires_grad
    assert all(p.requires_grad for g in optimizer.param_groups for p in g["params"])


def test_a_regex_that_matches_nothing_names_near_parameters():
    with pytest.raises(
        ConfigurationError, match=r'"\^embeding" matches no parameter. Near names: embedding.weight'
    ):
        optimizer_groups(FakeModel(), [group("bias"), group("^embeding")])
    with pytest.raises(ConfigurationError, match=r"The parameters are: embedding.weight, encoder"):
        optimizer_groups(FakeModel(), [group("zzzz")])


def test_a_group_that_gets_nothing_is_a_mistake():
    with pytest.raises(ConfigurationError, match=r"parameter_groups\[1\]: .* put it before them"):
        optimizer_groups(FakeModel(), [group("encoder"), group(r"encoder\.bias", weight_decay=0.0)])
    with pytest.raises(ConfigurationError, match=r"parameter_groups\[1\]: .* put it before them"):
        make_optimizer(
            FakeModel(), Lazy(Optimizer.by_name("sgd")), [group("."), group("embedding", requires_grad=False)]
        )
    model = FakeModel()
    model.embedding.requires_grad_(False)
    with pytest.raises(ConfigurationError, match=r"parameter_groups\[0\]: all .* frozen already"):
        optimizer_groups(model, [group("embedding", lr=5.0)])
    make_optimizer(model, Lazy(Optimizer.by_name("sgd")), [group("embedding", requires_grad=False)])


def test_mistakes_are_told():
    with pytest.raises(ConfigurationError, match='Did you mean "weight_decay"'):
        make_optimizer(FakeModel(), Lazy(Optimizer.by_name("adam")), [group("bias", weight_decy=0.0)])
    with pytest.raises(ConfigurationError, match="regular expression"):
        group("(")
    with pytest.raises(ConfigurationError, match="frozen"):
        group("bias", requires_grad=False, lr=0.1)
    with pytest.raises(ConfigurationError, match="all are frozen"):
        make_optimizer(FakeModel(), Lazy(Optimizer.by_name("adam")), [group("", requires_grad=False)])


class Stack(nn.Module):
    """Named as a transformer in a model is; the embedder's own name has a number and the word "embedding"."""

    def __init__(self):
        super().__init__()
        self.heads = nn.Linear(2, 2)
        inner = nn.Module()
        inner.embeddings = nn.Embedding(3, 2)
        inner.layer = nn.ModuleList(nn.Linear(2, 2, bias=False) for _ in range(3))
        inner.final_norm = nn.Linear(2, 2, bias=False)
        outer = nn.Module()
        outer.transformer = inner
        self.embedders = nn.ModuleList([nn.ModuleDict({"my_embeddings": outer})])


def test_layer_decay():
    model = Stack()
    groups = [group("transformer", lr=0.8, layer_decay=0.5)]
    optimizer = make_optimizer(model, Lazy(Optimizer.by_name("sgd"), {"lr": 2.0}), groups)
    rates = {name: g["lr"] for g, part in zip(optimizer.param_groups, names(model, optimizer.param_groups),
                                              strict=True) for name in part}  # fmt: skip
    inner = "embedders.0.my_embeddings.transformer."
    assert rates == {
        "heads.weight": 2.0,
        "heads.bias": 2.0,
        f"{inner}layer.2.weight": 0.8,
        f"{inner}final_norm.weight": 0.8,
        f"{inner}layer.1.weight": 0.4,
        f"{inner}layer.0.weight": 0.2,
        f"{inner}embeddings.weight": 0.1,
    }


def test_layer_decay_without_layers():
    with pytest.raises(
        ConfigurationError, match=r"trainer.parameter_groups\[0\]: layer_decay: .* no numbered"
    ):
        optimizer_groups(Stack(), [group("heads", layer_decay=0.9)])
    for wrong in ({"layer_decay": 1.5}, {"layer_decay": 0}, {"num_warmup_steps": 0}):
        with pytest.raises(ConfigurationError, match="expected"):
            group("heads", **wrong)
    with pytest.raises(ConfigurationError, match=r"a frozen group .* takes no other options"):
        ParameterGroup(["heads"], layer_decay=0.9, requires_grad=False)


def test_a_scheduler_that_sets_the_rates_keeps_the_decay():
    groups = [group("transformer", layer_decay=0.5)]
    optimizer = make_optimizer(Stack(), Lazy(Optimizer.by_name("sgd"), {"momentum": 0.9}), groups)
    LRScheduler.by_name("one_cycle")(optimizer, num_training_steps=10, max_lr=1.0)
    assert sorted(g["max_lr"] for g in optimizer.param_groups) == [0.125, 0.25, 0.5, 1.0, 1.0]


def test_a_config_with_layer_decay_and_warmup():
    groups = [{"regexes": ["transformer"], "lr": 3e-5, "layer_decay": 0.9, "num_warmup_steps": 100}]
    trainer = {"parameter_groups": groups, "optimizer": "adamw", "lr_scheduler": "linear_with_warmup"}
    assert not list(trial_problems(trainer))
    groups[0]["layer_dekay"] = 1
    assert [problem.path for problem in trial_problems(trainer)] == [
        "trainer.parameter_groups[0].layer_dekay"
    ]
