from abc import abstractmethod

import pytest

from causal_mtl.common import ConfigurationErrors, Registrable, resolve
from causal_mtl.common.abstract import abstract_methods, missing_methods
from causal_mtl.common.catalog import describe, methods
from causal_mtl.tasks import Task


class Shape(Registrable):
    """Something with an area."""

    @abstractmethod
    def area(self, scale):
        """How large it is."""

    @property
    @abstractmethod
    def corners(self):
        """How many."""

    def name(self):
        return "shape"


@Shape.register("half")
class Half(Shape):
    def area(self, scale):
        return 1.0


@Shape.register("square")
class Square(Half):
    corners = 4


@Shape.register("stranger")
class Stranger:
    corners = 3


@Shape.register("function")
def make():
    return Square()


def test_missing_methods():
    assert abstract_methods(Shape) == ["area", "corners"]
    assert missing_methods(Half, Shape) == ["corners"]
    assert missing_methods(Square, Shape) == []
    assert missing_methods(Stranger, Shape) == ["area"]
    assert missing_methods(make, Shape) == []


def test_they_are_named_when_a_config_is_resolved():
    with pytest.raises(ConfigurationErrors) as caught:
        resolve(
            list[Shape],
            [{"type": "half", "corner": 1}, "half", {"type": "square"}, "function"],
            path="shapes",
        )
    assert str(caught.value).splitlines() == [
        "shapes[0].type: Half does not define corners",
        "shapes[0].corner: unknown key for Half (accepted: none)",
        "shapes[1]: Half does not define corners",
    ]


def test_a_task_of_ones_own_that_is_half_done():
    class Unfinished(Task):
        def targets(self, instance, vocab):
            return None

    assert missing_methods(Unfinished, Task) == [
        "count_vocab_items",
        "collate",
        "num_labels",
        "head",
        "metric",
    ]


def test_the_catalogue_says_what_to_write():
    assert [method.call for method in methods("Shape")] == ["area(scale)", "corners"]
    assert "must define\n  area(scale)\n      How large it is." in describe("Shape")
    assert "must define" not in describe("Optimizer")
