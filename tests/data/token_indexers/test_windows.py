import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.data.token_indexers.windows import Windows


def context(place, start, size, length):
    """Items on the poorer side; an end of the sequence is no lack."""
    left = place - start if start else length
    right = start + size - 1 - place if start + size < length else length
    return min(left, right)


@given(st.integers(0, 60), st.integers(1, 12), st.data())
def test_each_item_is_read_where_it_has_most_context(length, size, data):
    windows = Windows(size, data.draw(st.integers(0, size - 1)))
    starts = windows.starts(length)
    owners = windows.owners(length, starts)
    assert len(owners) == length
    if length <= size:
        assert starts.tolist() == [0] * bool(length)
        return
    assert starts[0] == 0
    assert starts[-1] + size == length
    assert (np.diff(starts) <= size - windows.overlap).all()
    assert (np.diff(starts) > 0).all()
    for place, owner in enumerate(owners):
        within = [start for start in starts if start <= place < start + size]
        best = max(context(place, start, size, length) for start in within)
        assert starts[owner] in within
        assert context(place, starts[owner], size, length) == best


def test_the_last_window_is_as_long_as_the_others():
    assert Windows(10, 4).starts(11).tolist() == [0, 1]
    assert Windows(10, 4).starts(23).tolist() == [0, 6, 12, 13]
