import json
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from training_fakes import FakeModel, same_weights, weights

from causal_mtl.common import ConfigurationError, atomic
from causal_mtl.training import Checkpointer, seed_everything
from causal_mtl.training import checkpointer as checkpointer_module
from causal_mtl.training.packing import pack, unpack
from causal_mtl.training.seeds import random_state, restore_random_state

simple = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
keys = st.integers() | st.text() | st.tuples(st.integers(), st.text())
nested = st.recursive(
    simple,
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.lists(inner).map(tuple),
)


@given(nested)
def test_packing_is_exact(value):
    packed, tensors = pack(value)
    back = unpack(json.loads(json.dumps(packed)), tensors)
    assert back == value
    assert repr(back) == repr(value)


def test_packing_tensors_and_counters():
    value = {"a": [torch.arange(3), (torch.tensor(0.1, dtype=torch.bfloat16),)], "c": Counter({3: 1})}
    packed, tensors = pack(value)
    back = unpack(json.loads(json.dumps(packed)), tensors)
    assert torch.equal(back["a"][0], torch.arange(3))
    assert back["a"][1][0].dtype == torch.bfloat16
    assert isinstance(back["c"], Counter)
    with pytest.raises(TypeError, match="object"):
        pack([object()])


def test_round_trip(tmp_path):
    checkpointer, model = Checkpointer(tmp_path), FakeModel(seed=1)
    path = checkpointer.save(model, {"x": torch.ones(2), "y": {1: (2,)}}, epoch=3, step=7)
    assert path.name == "epoch_3_step_7"
    other = FakeModel(seed=2)
    state = checkpointer.load(path, other)
    assert same_weights(weights(model), weights(other))
    assert state["y"] == {1: (2,)}
    names = {"model.safetensors", "state.safetensors", "state.json", "manifest.json"}
    assert {p.name for p in path.iterdir()} == names
    with pytest.raises(ConfigurationError, match="does not fit"):
        checkpointer.load(path, FakeModel(width=7))


def test_shared_weights_survive(tmp_path):
    model, other = FakeModel(seed=1), FakeModel(seed=2)
    for m in (model, other):
        m.heads["size"].weight = m.heads["colour"].weight
    path = Checkpointer(tmp_path).save(model, {}, epoch=1)
    Checkpointer(tmp_path).load_model(path, other)
    assert same_weights(weights(model), weights(other))
    assert other.heads["size"].weight is other.heads["colour"].weight


def test_newest_and_best_are_kept(tmp_path):
    checkpointer = Checkpointer(tmp_path, keep=2)
    places = [(1, 0), (1, 5), (2, 0), (9, 0), (10, 0), (10, 2)]
    for epoch, step in places:
        checkpointer.save(FakeModel(), {}, epoch=epoch, step=step, best_epoch=2 if epoch > 1 else 1)
    assert [p.name for p in checkpointer.all()] == ["epoch_2", "epoch_10", "epoch_10_step_2"]
    assert checkpointer.newest().name == "epoch_10_step_2"


@pytest.mark.parametrize(
    "function",
    ["checkpointer.save_weights", "checkpointer.save_tensors", "checkpointer.write_json", "atomic.flush"],
)
def test_a_crash_while_saving_leaves_the_one_before(tmp_path, monkeypatch, function):
    checkpointer, model = Checkpointer(tmp_path), FakeModel(seed=1)
    checkpointer.save(model, {"n": 1}, epoch=1)

    def crash(*args, **kwargs):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        module, name = function.split(".")
        patch.setattr({"checkpointer": checkpointer_module, "atomic": atomic}[module], name, crash)
        with pytest.raises(OSError, match="disk full"):
            checkpointer.save(FakeModel(seed=2), {"n": 2}, epoch=2)
    assert checkpointer.newest().name == "epoch_1"
    other = FakeModel()
    assert checkpointer.load(checkpointer.newest(), other) == {"n": 1}
    assert same_weights(weights(model), weights(other))
    checkpointer.save(model, {"n": 3}, epoch=2)
    assert [p.name for p in checkpointer.directory.iterdir()] == ["epoch_2"]


def test_random_state_round_trip():
    import random

    import numpy

    def draw():
        return random.random(), numpy.random.rand(), torch.rand(1).item()

    seed_everything(1)
    first = draw()
    packed, tensors = pack(random_state())
    ahead = draw()
    restore_random_state(unpack(json.loads(json.dumps(packed)), tensors))
    assert draw() == ahead
    seed_everything(1)
    assert draw() == first
