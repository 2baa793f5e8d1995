import pytest
from training_fakes import FakeModel

from causal_mtl.common import ConfigurationError, Lazy, Params
from causal_mtl.training import Optimizer, ParameterGroup
from causal_mtl.training.optimizers import make_optimizer
from causal_mtl.training.parameter_groups import optimizer_groups


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


def test_mistakes_are_told():
    with pytest.raises(ConfigurationError, match='Did you mean "weight_decay"'):
        make_optimizer(FakeModel(), Lazy(Optimizer.by_name("adam")), [group("bias", weight_decy=0.0)])
    with pytest.raises(ConfigurationError, match="regular expression"):
        group("(")
    with pytest.raises(ConfigurationError, match="frozen"):
        group("bias", requires_grad=False, lr=0.1)
    with pytest.raises(ConfigurationError, match="all are frozen"):
        make_optimizer(FakeModel(), Lazy(Optimizer.by_name("adam")), [group("", requires_grad=False)])
