"""A short form of ``tests/fuzz/configs.py``, and what it has found."""

import configs
import pytest


@pytest.mark.parametrize("seed", [1, 2])
def test_no_findings(seed):
    ends, findings = configs.fuzz(runs=40, seed=seed, dry_runs=10)
    assert findings == []
    assert ends["refused (resolve)"] > 10
    assert ends["trained"] + ends["accepted"] > 0


@pytest.mark.parametrize("config", configs.configs(), ids=["mtl", "cmtl", "pmei"])
def test_what_is_mutated_trains(config):
    assert configs.attempt(config, configs.Mutation((), "nothing"), dry=True) == ("trained", None)


def test_a_refusal_must_name_the_key():
    mutation = configs.Mutation(("model.tasks[0].weight",), "")
    assert configs.is_named(mutation, "model.tasks[0].weight: expected float")
    assert configs.is_named(mutation, 'model.tasks[0]: key "weight" is required')
    assert not configs.is_named(mutation, "trainer.patience: expected int")
    assert not configs.is_named(mutation, "model: something")
