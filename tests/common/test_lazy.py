# mypy: disable-error-code="arg-type, attr-defined"
import pickle
from typing import Annotated

import pytest

from causal_mtl.common import ConfigurationError, FromParams, Late, Lazy, Params, Registrable, resolve


class Optimizer(Registrable):
    default_implementation = "sgd"


@Optimizer.register("sgd")
class Sgd:  # not FromParams, as torch's own
    def __init__(self, params: list, lr: float = 0.1, decay: list[float] | None = None):
        self.params, self.lr, self.decay = params, lr, decay


@Optimizer.register("momentum")
class Momentum:
    def __init__(self, params: list, momentum: float, vocab: str = "none"):
        self.params, self.momentum, self.vocab = params, momentum, vocab


class Inner(FromParams):
    def __init__(self, size: int, vocab: str):
        self.size, self.vocab = size, vocab


class Outer(FromParams):
    def __init__(self, inner: Inner, name: str = "x"):
        self.inner, self.name = inner, name


class Trainer(FromParams):
    def __init__(
        self,
        optimizer: Annotated[Lazy[Optimizer], Late("params")] = Lazy(Sgd, {"lr": 2.0}),
        many: list[Lazy[Outer]] | None = None,
        maybe: Annotated[Lazy[Optimizer] | None, Late("params")] = None,
    ):
        self.optimizer, self.many, self.maybe = optimizer, many, maybe


def test_construct_is_repeatable_and_makes_new_objects():
    lazy = Trainer.from_params({"optimizer": {"lr": 3, "decay": [1.0]}}).optimizer
    first, second = lazy.construct(params=[1]), lazy.construct(params=[2])
    assert (first.lr, first.params, second.params) == (3, [1], [2])
    first.decay.append(2.0)
    assert second.decay == [1.0]


def test_pickle_before_and_after_use():
    lazy = Trainer.from_params({"optimizer": {"lr": 3}}).optimizer
    copy = pickle.loads(pickle.dumps(lazy))
    assert copy.construct(params=[1]).lr == 3
    assert pickle.loads(pickle.dumps(copy)).construct(params=[1]).lr == 3
    default = pickle.loads(pickle.dumps(Trainer().optimizer))
    assert default.construct(params=[1]).lr == 2.0


def test_default_value():
    assert Trainer.from_params({}).optimizer.construct(params=[1]).lr == 2.0
    assert Trainer().optimizer.construct(params=[1]).lr == 2.0
    outer = Lazy(Outer, {"inner": {"size": 2}})
    assert outer.construct(vocab="v", unknown=1).inner.vocab == "v"
    assert outer.construct(vocab="w").inner.vocab == "w"


def test_late_arguments_reach_nested_objects_and_the_config_wins():
    lazy = Trainer.from_params(
        {"many": [{"inner": {"size": 1}}, {"inner": {"size": 1, "vocab": "mine"}}]}
    ).many
    assert [one.construct(vocab="late", name="n").inner.vocab for one in lazy] == ["late", "mine"]
    assert lazy[0].construct(vocab="late", name="n").name == "n"


def test_extras_of_the_build_are_kept_and_later_ones_win():
    trainer = Trainer.from_params({"optimizer": {"type": "momentum", "momentum": 1}}, vocab="early")
    assert trainer.optimizer.construct(params=[]).vocab == "early"
    assert trainer.optimizer.construct(params=[], vocab="late").vocab == "late"


def test_with_late_a_missing_argument_is_found_at_once():
    with pytest.raises(ConfigurationError) as error:
        Trainer.from_params({"optimizer": "momentum", "maybe": {"type": "momentum"}})
    expected = '{}.momentum: key "momentum" is required for Momentum (expected float)'
    assert str(error.value).splitlines() == [expected.format("optimizer"), expected.format("maybe")]


def test_without_late_a_missing_argument_is_found_at_construct():
    lazy = resolve(Lazy[Outer], {"inner": {"size": 1}}, path="model").build()
    with pytest.raises(ConfigurationError, match=r"^model\.inner\.vocab: key .vocab. is required for Inner"):
        lazy.construct()


def test_mistakes_that_cannot_be_mended_later_are_found_at_once():
    with pytest.raises(ConfigurationError) as error:
        Trainer.from_params({"many": [{"inner": {"sise": 1}, "name": 3}, {"inner": 4}]})
    assert [line.split(": ")[0] for line in str(error.value).splitlines()] == [
        "many[0].inner.sise",
        "many[0].name",
        "many[1].inner",
    ]


def test_none_stays_none_and_a_lazy_stays_itself():
    lazy = Lazy(Sgd)
    trainer = Trainer.from_params({"optimizer": lazy, "maybe": None})
    assert trainer.optimizer is lazy
    assert trainer.maybe is None


def test_plain_functions_and_constructor_extras():
    assert Lazy(dict, {"a": 1}, {"b": 2, "c": 3}).construct(c=4) == {"a": 1, "b": 2, "c": 4}
    assert Lazy(Outer, Params({"inner": {"size": 1}}), {"vocab": "v"}).constructor(name="n").name == "n"


def test_a_refusing_constructor_names_its_path():
    class Picky(FromParams):
        def __init__(self, size: int):
            raise ValueError("size is odd")

    lazy = resolve(dict[str, Lazy[Picky]], {"a": {"size": 1}}, path="model").build()["a"]
    with pytest.raises(ConfigurationError, match=r"^model\.a: size is odd$") as error:
        lazy.construct()
    assert isinstance(error.value.__cause__, ValueError)
