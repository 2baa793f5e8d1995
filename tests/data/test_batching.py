import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.data import batches
from causal_mtl.data.batching import split_by

lengths = st.lists(st.integers(1, 90), max_size=80)
limit = st.none() | st.integers(1, 200)


@given(lengths=lengths, batch_size=limit, max_tokens=limit, seed=st.integers(), shuffle=st.booleans())
def test_every_index_is_in_exactly_one_batch_within_the_limits(
    lengths, batch_size, max_tokens, seed, shuffle
):
    if batch_size is None and max_tokens is None:
        batch_size = 7
    made = batches(lengths, batch_size=batch_size, max_tokens=max_tokens, seed=seed, shuffle=shuffle)
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    for batch in made:
        assert batch
        assert batch_size is None or len(batch) <= batch_size
        padded = len(batch) * max(lengths[i] for i in batch)
        assert max_tokens is None or padded <= max_tokens or len(batch) == 1


@given(lengths=lengths, seed=st.integers(), epoch=st.integers(0, 9))
def test_batches_are_a_pure_function_of_seed_and_epoch(lengths, seed, epoch):
    one, two = (batches(lengths, batch_size=4, seed=seed, epoch=epoch) for _ in range(2))
    assert one == two


def test_batches_stay_the_same_across_versions():
    assert batches([5, 3, 9, 3, 7, 1], batch_size=2, seed=13, epoch=2) == [[5, 3], [4, 2], [1, 0]]


def test_seeds_and_epochs_give_other_batches():
    numbers = [n % 40 + 1 for n in range(200)]
    made = [batches(numbers, batch_size=8, seed=s, epoch=e) for s in (0, 1) for e in (0, 1)]
    assert len({str(m) for m in made}) == 4


def test_lengths_in_a_batch_are_similar():
    numbers = [(n * 37) % 80 + 1 for n in range(1000)]
    made = batches(numbers, batch_size=20)
    padded = sum(len(b) * max(numbers[i] for i in b) for b in made)
    assert padded < 1.1 * sum(numbers)
    assert [max(numbers[i] for i in b) for b in made] != sorted(max(numbers[i] for i in b) for b in made)


def test_without_shuffling_the_longest_go_first_whatever_the_epoch():
    assert batches([1, 3, 2], batch_size=2, shuffle=False, epoch=5) == [[1, 2], [0]]


@pytest.mark.parametrize("limits", [{}, {"batch_size": 0}, {"max_tokens": 0}])
def test_limits_are_checked(limits):
    with pytest.raises(ConfigurationError, match="batch_size"):
        batches([1, 2], **limits)


@given(lengths=lengths, batch_size=limit, max_tokens=st.integers(1, 200))
def test_alike_never_pads_a_short_sentence_to_a_long_one(lengths, batch_size, max_tokens):
    made = batches(lengths, batch_size=batch_size, max_tokens=max_tokens, shuffle=False, alike=True)
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    for batch in made:
        longest, shortest = max(lengths[i] for i in batch), min(lengths[i] for i in batch)
        assert longest <= max(1.5 * shortest, shortest + 8)
        assert len(batch) == 1 or len(batch) * longest <= max_tokens
        assert batch_size is None or len(batch) <= batch_size


def test_alike_keeps_together_what_is():
    assert batches([30, 400, 20, 24, 500, 7], batch_size=9, shuffle=False, alike=True) == [
        [4, 1],
        [0, 3, 2],
        [5],
    ]


def test_batches_are_split_by_a_key():
    assert split_by("abbaab", [[5, 0, 2], [4, 3], [1]]) == [[5, 2], [0], [4, 3], [1]]
