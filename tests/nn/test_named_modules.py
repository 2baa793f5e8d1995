from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from causal_mtl.nn.named_modules import NamedModules

AWKWARD = [
    "type",
    "items",
    "a.b",
    "__class__",
    "a%2Eb",
    "%items",
    "ä.ö",
    "training",
    "%",
    "%%25",
    "..",
    "_modules",
]
NAMES = st.text(min_size=1) | st.sampled_from(AWKWARD) | st.sampled_from(sorted(dir(nn.ModuleDict)))


@given(st.lists(NAMES, unique=True))
def test_keys_are_as_they_were_given(names):
    modules = {name: nn.Identity() for name in names}
    made = NamedModules(modules)
    assert list(made) == list(made.keys()) == names
    assert list(made.items()) == list(modules.items())
    assert all(name in made and made[name] is module for name, module in modules.items())
    assert list(deepcopy(made)) == names


def test_ordinary_names_are_those_of_a_module_dict():
    names = ["tokens", "entities", "a b", "relations_2"]
    mine, plain = (kind({name: nn.Linear(1, 1) for name in names}) for kind in (NamedModules, nn.ModuleDict))
    assert list(mine.state_dict()) == list(plain.state_dict())


def test_what_is_not_there():
    made = NamedModules({"type": nn.Identity()})
    assert "items" not in made
    with pytest.raises(KeyError):
        made["items"]
    del made["type"]
    assert list(made) == []
