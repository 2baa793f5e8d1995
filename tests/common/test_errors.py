import pickle
from typing import Annotated, Literal

import pytest

from causal_mtl.common import ConfigurationError, ConfigurationErrors, PositiveInt, Problem, resolve
from causal_mtl.common.constraints import ValidName
from causal_mtl.common.errors import ConfigurationTypeErrors


def test_message_and_pickle():
    error = ConfigurationError("no such thing")
    assert str(error) == error.message == "no such thing"
    assert pickle.loads(pickle.dumps(error)).message == "no such thing"


def test_several_problems_one_a_line():
    error = ConfigurationErrors([Problem("a.b", "is wrong"), Problem("", "is empty")])
    assert isinstance(error, ConfigurationError)
    assert error.message == "a.b: is wrong\nis empty"
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_type_mistakes_are_type_errors_too():
    wrong_type, other = (
        Problem("a", "expected int, got string 'x'", is_type=True),
        Problem("b", "unknown key"),
    )
    assert isinstance(ConfigurationErrors(iter([other, wrong_type])), TypeError)
    assert not isinstance(ConfigurationErrors([other]), TypeError)
    error = pickle.loads(pickle.dumps(ConfigurationErrors([wrong_type])))
    assert isinstance(error, ConfigurationTypeErrors)
    assert error.problems == (wrong_type,)


@pytest.mark.parametrize(
    ("annotation", "value", "is_type"),
    [
        (int, "x", True),
        (int | list[int], "x", True),
        (Literal["a", "b"], "c", False),
        (PositiveInt, 0, False),
        (Annotated[str, ValidName()], "a/b", False),
    ],
)
def test_what_is_a_type_mistake(annotation, value, is_type):
    with pytest.raises(ConfigurationErrors) as caught:
        resolve(annotation, value, path="key")
    assert isinstance(caught.value, TypeError) == is_type
