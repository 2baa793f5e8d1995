from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import Range

bounds = st.none() | st.integers(-5, 5)


@given(bounds, bounds, bounds, bounds, st.floats(-9, 9))
def test_range_holds_as_its_text_says(ge, gt, le, lt, number):
    limits = Range(ge=ge, gt=gt, le=le, lt=lt)
    said = str(limits)
    assert limits.holds(number) == all(eval(f"{number!r} {part}") for part in said.split(" and ") if part)


def test_nan_never_holds():
    assert not Range(ge=0).holds(float("nan"))
    assert not Range(lt=0).holds(float("nan"))
