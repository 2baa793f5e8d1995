from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.data import Span, TagScheme, place
from causal_mtl.data.placement import occurrences

words = st.lists(st.sampled_from("abc"), max_size=10)
mentions = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3).map(" ".join), max_size=5)


@given(tokens=words, mentions=mentions)
def test_every_mention_that_occurs_is_placed_where_it_stands(tokens, mentions):
    placed = place(tokens, mentions)
    for mention in mentions:
        if mention in placed:
            start, end = placed[mention]
            assert " ".join(tokens[start:end]) == mention
        else:
            assert not occurrences(tokens, mention)


@given(tokens=words, mentions=mentions)
def test_an_overlap_means_that_no_occurrence_was_free(tokens, mentions):
    placed = place(tokens, mentions)
    for mention, (start, end) in placed.items():
        others = [span for other, span in placed.items() if other != mention]
        clash = [(i, j) for i, j in others if i < end and start < j and j - i > end - start]
        if clash:
            for i, j in occurrences(tokens, mention):
                assert any(a < j and i < b for a, b in others)


def test_longer_mentions_go_first_and_shorter_ones_take_a_free_place():
    tokens = ["the", "FC", "Koln", "is", "FC"]
    assert place(tokens, ["FC", "FC Koln"]) == {"FC Koln": (1, 3), "FC": (4, 5)}


def test_of_two_as_long_the_one_with_fewer_places_goes_first():
    assert place(["a", "b", "b", "a", "b"], ["a b", "b b"]) == {"b b": (1, 3), "a b": (3, 5)}


def test_a_mention_without_free_place_is_placed_all_the_same():
    assert place(["New", "York"], ["New York", "York"]) == {"New York": (0, 2), "York": (1, 2)}


def test_blank_and_missing_mentions_are_not_placed():
    assert place(["a"], ["", " ", "b"]) == {}


@given(tokens=words, mentions=mentions)
def test_placed_mentions_can_be_tagged_after_overlaps_are_dropped(tokens, mentions):
    spans = [Span(i, j, "x") for i, j in place(tokens, mentions).values()]
    kept, _ = TagScheme.drop_overlaps(spans)
    assert TagScheme("BIOUL").decode(TagScheme("BIOUL").encode(kept, len(tokens))) == kept
