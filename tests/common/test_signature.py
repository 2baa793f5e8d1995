import sys
from dataclasses import dataclass
from numbers import Number
from typing import Any, NamedTuple

import pytest

from causal_mtl.common import ConfigurationError, FromParams, Registrable
from causal_mtl.common.signature import signature_of

from . import future_module
from .future_module import Linear, Network, Window


def test_string_annotations():
    network = Network.from_params(
        {
            "layers": ["linear", {"size": 2}],
            "where": "a/b",
            "shape": [1, 2],
            "late": {"size": 3},
            "rate": 0.5,
            "ghost": {"any": "thing"},
            "again": {"layers": {"x": "linear"}},
        }
    )
    assert [type(layer) for layer in network.layers] == [Linear, Linear]
    assert network.where.parts == ("a", "b")
    assert network.shape == (1, 2)
    assert network.late.construct().size == 3
    assert network.ghost == {"any": "thing"}  # an annotation that cannot be evaluated
    assert isinstance(network.again.layers["x"], Linear)


def test_problems_below_string_annotations():
    with pytest.raises(ConfigurationError) as error:
        Network.from_params({"layers": [{"size": 0}], "rate": 1, "shape": ["x"], "again": {"layer": 1}})
    assert str(error.value).splitlines() == [
        "layers[0].size: expected int >= 1, got 0",
        "rate: expected float >= 0 and < 1, got 1",
        "shape[0]: expected int, got string 'x'",
        "again.layer: unknown key for Network; did you mean 'layers'? "
        "(accepted: layers, where, shape, late, rate, ghost, again)",
        'again.layers: key "layers" is required for Network (expected list[Layer] | dict[str, Layer])',
    ]


def test_inherited_dataclass_of_another_module():
    @dataclass
    class Wider(Window):
        more: int = 0

    assert Wider.__module__ != future_module.__name__
    signature = signature_of(Wider)
    assert list(signature.parameters) == ["width", "layers", "more"]
    assert signature.parameters["layers"].annotation == list[future_module.Layer]


def test_kwargs_go_to_the_base_class_whatever_the_order_of_bases():
    class A(Registrable):
        def __init__(self, a: int):
            self.a = a

    @A.register("b1")
    class B1(A, Number):
        def __init__(self, b: float, **kwargs):
            super().__init__(**kwargs)
            self.b = b

    @A.register("b2")
    class B2(Number, A):
        def __init__(self, b: float, **kwargs):
            super().__init__(**kwargs)
            self.b = b

    for cls in (B1, B2):
        made = cls.from_params({"a": 4, "b": 5})
        assert (made.a, made.b) == (4, 5)
        with pytest.raises(
            ConfigurationError, match=r"aa: unknown key for B\d; did you mean .*accepted: b, a"
        ):
            cls.from_params({"aa": 4, "b": 5, "a": 1})


def test_kwargs_go_through_several_classes():
    class A(FromParams):
        def __init__(self, a: str):
            self.a = a

    class B(A):
        def __init__(self, b: str, **kwargs):
            super().__init__(**kwargs)
            self.b = b

    class Between(B):
        pass

    class C(Between):
        def __init__(self, c, **kwargs):
            super().__init__(**kwargs)
            self.c = c

    made = C.from_params({"a": "x", "b": "y", "c": [1]})
    assert (made.a, made.b, made.c) == ("x", "y", [1])


def test_the_nearer_definition_wins_and_kwargs_may_be_kept():
    class Base(FromParams):
        def __init__(self):
            pass

    class A(Base):
        def __init__(self, a: int, x: int, **kwargs):
            self.a, self.x, self.rest = a, x, kwargs

    class B(A):
        def __init__(self, a: str, x: int = 42, **kwargs):
            super().__init__(x=x, a=-1, raw_a=a, **kwargs)

    made = B.from_params({"a": "123", "more": {"k": 1}})
    assert (made.a, made.x, made.rest) == (-1, 42, {"raw_a": "123", "more": {"k": 1}})


def test_named_constructor_with_kwargs_reaches_the_class():
    class A(Registrable):
        def __init__(self, a: int, b: int = 0):
            self.a, self.b = a, b

        @classmethod
        def doubled(cls, a: int, **kwargs):
            return cls(a * 2, **kwargs)

    A.register("doubled", constructor="doubled")(A)
    made = A.from_params({"type": "doubled", "a": 2, "b": 3})
    assert (made.a, made.b) == (4, 3)
    with pytest.raises(ConfigurationError, match=r"c: unknown key for A\.doubled"):
        A.from_params({"type": "doubled", "a": 2, "c": 3})


def test_no_constructor_and_other_kinds():
    class Empty:
        pass

    class Pair(NamedTuple):
        left: int
        right: str = "r"

    assert signature_of(Empty) == signature_of(object)
    assert not signature_of(Empty).parameters
    assert not signature_of(Empty).open
    assert signature_of(Pair).parameters["right"].default == "r"
    assert signature_of(Pair).parameters["left"].annotation is int
    assert signature_of(lambda x, *rest: x).parameters["x"].annotation is Any
    assert signature_of(dict).open


def test_reading_does_not_import_what_is_only_for_type_checking():
    signature_of(Network)
    assert "nowhere" not in sys.modules
