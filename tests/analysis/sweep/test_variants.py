import pytest

from causal_mtl.analysis.sweep.variants import variants
from causal_mtl.common import ConfigurationError


def names(*arguments, **options):
    return [variant.name for variant in variants(*arguments, **options)]


def test_every_config_with_every_value_and_seed():
    made = variants(
        ["a/pmei.jsonnet", "mtl.json"],
        {"trainer.optimizer.lr": [0.001, 1e-5], "model.encoder.type": ["gru"]},
        seeds=2,
        overrides={"trainer.num_epochs": 3},
    )
    labels = [f"{c},lr={lr},type=gru" for c in ("pmei", "mtl") for lr in ("0.001", "1e-05")]
    assert [variant.name for variant in made] == [f"{label}-{seed}" for seed in (1, 2) for label in labels]
    assert made[5].config == "a/pmei.jsonnet"
    assert made[5].overrides == {
        "trainer.num_epochs": 3,
        "trainer.optimizer.lr": 1e-5,
        "model.encoder.type": "gru",
        "random_seed": 2,
    }


def test_without_a_grid():
    assert names(["pmei.jsonnet"]) == ["pmei-1"]


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        (["trainer.optimizer.lr"], ["lr"]),
        (
            ["trainer.optimizer.lr", "trainer.parameter_groups.0.lr"],
            ["optimizer.lr", "parameter_groups.0.lr"],
        ),
        (["model.tasks.0.weight", "model.tasks[1].weight"], ["tasks.0.weight", "tasks.1.weight"]),
        (["trainer.callbacks.0"], ["callbacks.0"]),
        (["lr", "trainer.lr"], ["lr", "trainer.lr"]),
    ],
)
def test_keys_as_short_as_can_be(keys, shown):
    label = "".join(f",{key}=1" for key in shown)
    assert names(["a.json"], {key: [1] for key in keys}) == [f"a{label}-1"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (None, "null"),
        (-0.5, "-0.5"),
        ("+relations/exact_f1", "+relations_exact_f1"),
        ("../x y:z", ".._x_y_z"),
        ([1, 2], "1_2"),
        ({"type": "gru", "hidden_size": 9}, "type_gru_hidden_size_9"),
    ],
)
def test_values_fit_for_a_directory(value, shown):
    assert names(["a.json"], {"k": [value]}) == [f"a,k={shown}-1"]


def test_names_that_would_be_shared():
    with pytest.raises(ConfigurationError, match=r"x/a.jsonnet and y/a.json would both .* a-1: rename"):
        variants(["x/a.jsonnet", "y/a.json"])
    for configs, values in ((["a.json", "a.json"], [1]), (["a.json"], [1, 1]), (["a.json"], ["x/y", "x y"])):
        with pytest.raises(ConfigurationError, match=r"two variants of a.json would be trained in a,k="):
            variants(configs, {"k": values})
    with pytest.raises(ConfigurationError, match="too long"):
        variants(["a.json"], {"k": ["é" * 200]})


@pytest.mark.parametrize(
    ("grid", "overrides", "message"),
    [
        ({"a.0.b": [1]}, {"a[0].b": 2}, "a.0.b is set by --overrides and again by --grid"),
        ({"a.0.b": [1], "a[0].b": [2]}, {}, r"a\[0\].b is set by --grid and again by --grid"),
        ({"random_seed": [1]}, {}, "random_seed is set by --seeds and again by --grid"),
        ({}, {"random_seed": 1}, "random_seed is set by --seeds and again by --overrides"),
    ],
)
def test_one_key_set_twice(grid, overrides, message):
    with pytest.raises(ConfigurationError, match=message):
        variants(["a.json"], grid, overrides=overrides)
