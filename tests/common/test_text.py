from typing import Annotated, Literal, Optional, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import Lazy, Probability, Range
from causal_mtl.common.text import join, split, suggestion, type_name, value_name


@given(st.lists(st.text(min_size=1) | st.integers(0, 99), min_size=1))
def test_split_undoes_join(keys):
    path = ""
    for key in keys:
        path = join(path, key)
    assert split(path) == [str(key) for key in keys]


def test_paths():
    assert join(join(join("", "model"), "tasks"), 1) == "model.tasks[1]"
    assert split("model.tasks[1].name") == split("model.tasks.1.name") == ["model", "tasks", "1", "name"]
    assert join("groups", "x.*") == 'groups["x.*"]'


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (Optional[int], "int | None"),  # noqa: UP045
        (dict[str, list[int]], "dict[str, list[int]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Literal["a", "b"], "'a' | 'b'"),
        (Probability, "float >= 0 and <= 1"),
        (Annotated[int, Range(gt=1, lt=5)], "int > 1 and < 5"),
        (Lazy[int], "Lazy[int]"),
        (TypeVar("T", bound=int), "int"),
        (None, "None"),
    ],
)
def test_type_names(annotation, text):
    assert type_name(annotation) == text


def test_value_names_are_short():
    assert value_name({}) == "an empty object"
    assert len(value_name("x" * 1000)) < 80
    assert value_name(None) == "null"


def test_suggestions():
    assert suggestion("mentoins", ["weight", "mentions"]) == "; did you mean 'mentions'?"
    assert suggestion("BiLSTM", ["bilstm", "cnn"]) == "; did you mean 'bilstm'?"
    assert suggestion("zzz", ["weight"]) == ""
