import copy
import pickle
from typing import Any

import pytest

from causal_mtl.common import ConfigurationError, FromParams, Lazy, Params, Registrable


class Base(Registrable):
    pass


@Base.register("standard")
class Standard(Base):
    def __init__(self, size: int, name: str) -> None:
        self.size, self.name = size, name


@Base.register("own")
class Own(Base):
    def __init__(self, size: int, name: str) -> None:
        self.size, self.name = size, name

    @classmethod
    def from_params(cls, params: Params, size: int, **extras: Any) -> "Own":
        name = params.pop("name")
        params.assert_empty(cls.__name__)
        return cls(size=size, name=f"own {name} {sorted(extras)}")


@Base.register("narrow")
class Narrow(Base):
    def __init__(self, size: int) -> None:
        self.size = size

    @classmethod
    def from_params(cls, params: Params, size: int = 5) -> "Narrow":
        return super().from_params(params, size=size + params.pop("more", 0))


class Holder(FromParams):
    def __init__(self, parts: list[Base], later: Lazy[Base] | None = None, raw: Params | None = None) -> None:
        self.parts, self.later, self.raw = parts, later, raw


def test_extras_reach_standard_and_own_from_params():
    assert Base.from_params(Params({"type": "standard", "size": 1}), name="n", unwanted=1).name == "n"
    own = Base.from_params(Params({"type": "own", "name": "n"}), size=20, other=1)
    assert (own.size, own.name) == (20, "own n ['other']")
    assert Base.from_params("narrow", unwanted=1).size == 5


def test_own_from_params_may_call_the_standard_one():
    assert Base.from_params({"type": "narrow", "more": 2}).size == 7
    assert Narrow.from_params(Params({"more": 1}), size=1).size == 2


def test_own_from_params_in_a_list_and_lazily():
    config = {"parts": [{"type": "own", "name": "a"}, "narrow"], "later": {"type": "own", "name": "b"}}
    holder = Holder.from_params(config, size=3)
    assert [part.size for part in holder.parts] == [3, 3]
    assert holder.later.construct(size=4).size == 4
    assert holder.later.construct().size == 3
    assert pickle.loads(pickle.dumps(holder.later)).construct().size == 3


def test_errors_of_own_from_params_have_the_path():
    with pytest.raises(ConfigurationError, match=r"^parts\[1\]\.nme: unknown key for Own$"):
        Holder.from_params({"parts": ["narrow", {"type": "own", "name": "a", "nme": 1}]}, size=3)
    with pytest.raises(ConfigurationError, match=r"^parts\[0\]\.name: key .name. is required$"):
        Holder.from_params({"parts": [{"type": "own"}]}, size=3)
    with pytest.raises(ConfigurationError, match=r"^parts\[0\]: .*from_params\(\) missing 1 required"):
        Holder.from_params({"parts": [{"type": "own"}]})


def test_own_from_params_of_a_base_class_gets_everything():
    class Old(Registrable):
        @classmethod
        def from_params(cls, params: Params, **extras):
            if "old_size" in params:
                params["size"] = params.pop("old_size")
            return super().from_params(params, **extras)

    @Old.register("new")
    class New(Old):
        def __init__(self, size: int):
            self.size = size

    class Owner(FromParams):
        def __init__(self, old: Old):
            self.old = old

    assert Owner.from_params({"old": {"type": "new", "old_size": 3}}).old.size == 3
    with pytest.raises(ConfigurationError, match=r"^old\.sise: unknown key for New; did you mean 'size'"):
        Owner.from_params({"old": {"type": "new", "old_size": 3, "sise": 1}})


def test_params_are_not_consumed_and_arrive_as_params_where_wanted():
    params = Params({"parts": [], "raw": {"a": {"b": 1}}})
    holder = Holder.from_params(params)
    assert isinstance(holder.raw, Params)
    assert holder.raw.pop("a").history == "raw.a."
    assert params.as_dict(quiet=True) == {"parts": [], "raw": {"a": {"b": 1}}}


def test_arguments_may_have_any_name():
    class Awkward(FromParams):
        def __init__(self, path: str, call: int, cls: int, name: str, extras: dict[str, int], params: list):
            self.all = (path, call, cls, name, extras, params)

    config = {"path": "p", "call": 1, "cls": 2, "name": "n", "extras": {"a": 1}}
    expected = ("p", 1, 2, "n", {"a": 1}, [3])
    assert Awkward.from_params(config, params=[3]).all == expected
    assert Awkward.from_params(params={**config, "params": [3]}).all == expected
    assert Lazy(Awkward, config).construct(params=[3]).all == expected
    assert Lazy(Own, {"name": "n"}).construct(size=1, params=2).size == 1
    assert Lazy(Narrow, {"more": 1}).construct(size=1, unwanted=2).size == 2


def test_an_extra_called_params_does_not_disturb_own_from_params():
    assert Holder.from_params({"parts": [{"type": "own", "name": "a"}]}, size=3, path="p").parts[0].size == 3
    lazy = Holder.from_params({"parts": [], "later": {"type": "own", "name": "a"}}).later
    assert lazy is not None
    assert lazy.construct(size=1, params=[1]).name == "own a []"


def test_no_constructor_takes_no_keys():
    class Empty(FromParams):
        pass

    assert isinstance(Empty.from_params({}), Empty)
    with pytest.raises(ConfigurationError, match="a: unknown key for Empty"):
        Empty.from_params({"a": 1})


def test_only_mappings_and_names_are_parameters():
    with pytest.raises(ConfigurationError, match="expected Standard, got a list of 1"):
        Standard.from_params([1])
    with pytest.raises(ConfigurationError, match="expected Holder, got string 'x'"):
        Holder.from_params("x")


def test_nested_unions_leave_the_parameters_alone():
    class A(FromParams):
        def __init__(self, a: int | list[int]) -> None:
            self.a = a

    class B(FromParams):
        def __init__(self, b: A | list[A]) -> None:
            self.b = b

    class C(FromParams):
        def __init__(self, c: A | B | dict[str, A]) -> None:
            self.c = c

    made = C.from_params(Params({"c": {"a": {"a": 3}, "b": {"a": [4, 5]}}}))
    assert made.c["a"].a == 3
    assert made.c["b"].a == [4, 5]
    assert isinstance(C.from_params({"c": {"b": [{"a": 3}]}}).c, B)


def test_torch_classes_are_read_by_their_signature():
    torch = pytest.importorskip("torch")

    class Optimizer(Registrable):
        default_implementation = "adam"

    Optimizer.register("adam")(torch.optim.Adam)

    class Activation(Registrable):
        pass

    Activation.register("relu")(torch.nn.ReLU)

    class Net(torch.nn.Module, FromParams):  # type: ignore[name-defined]
        def __init__(self, activation: Activation, optimizer: Lazy[Optimizer]):
            super().__init__()
            self.activation = activation
            self.weight = torch.nn.Parameter(torch.ones(1))
            self.optimizer = optimizer.construct(params=self.parameters())

    config = {"activation": "relu", "optimizer": {"lr": 0.5, "betas": [0.9, 0.99]}}
    net = Net.from_params(config)
    assert isinstance(net.activation, torch.nn.ReLU)
    assert net.optimizer.param_groups[0]["betas"] == (0.9, 0.99)
    assert net.to_params().as_dict() == config
    with pytest.raises(ConfigurationError, match=r"^optimizer\.lr: expected float \| Tensor, got string"):
        Net.from_params({"activation": "relu", "optimizer": {"lr": "high"}})
    with pytest.raises(ConfigurationError, match=r"^optimizer: Invalid learning rate: -1"):
        Net.from_params({"activation": "relu", "optimizer": {"lr": -1}})


def test_to_params_of_positional_arguments_that_are_not_kept():
    class Pair(FromParams):
        def __init__(self, left: int, right: list[int], note: str = "none"):
            self.sum = left + sum(right)

    pair = Pair(1, [2, 3], note="x")
    assert pair.to_params().as_dict() == {"left": 1, "right": [2, 3], "note": "x"}
    assert Pair.from_params(pair.to_params()).sum == copy.deepcopy(pair).sum == 6


def test_kwargs_of_a_registered_class_that_is_not_from_params_reach_its_base_class():
    class Base(Registrable):
        pass

    class Plain:
        def __init__(self, width: int, depth: int = 1):
            self.size = width * depth

    @Base.register("wide")
    class Wide(Plain):
        def __init__(self, name: str, **kwargs):
            super().__init__(**kwargs)
            self.name = name

    made = Base.from_params({"type": "wide", "name": "x", "width": 3, "depth": 2})
    assert (made.name, made.size) == ("x", 6)
    assert Base.from_params({"type": "wide", "name": "x"}, width=3).size == 3
    with pytest.raises(TypeError, match=r"^width: expected int, got string '3'$"):
        Base.from_params({"type": "wide", "name": "x", "width": "3"})
    with pytest.raises(ConfigurationError, match="did you mean 'depth'"):
        Base.from_params({"type": "wide", "name": "x", "width": 3, "dept": 2})
