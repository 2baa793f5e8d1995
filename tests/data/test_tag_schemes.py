from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.data import Span, TagScheme

NAMES = ("BIO", "BIOUL", "BIOES")
LENGTH = 12


@st.composite
def flat_spans(draw):
    bounds = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=8)))
    pairs = zip(bounds[::2], bounds[1::2], strict=False)
    return [Span(i, j, draw(st.sampled_from(["person", "Used-for"]))) for i, j in pairs]


any_spans = st.lists(
    st.builds(
        lambda i, n, label: Span(i, i + n, label), st.integers(0, 9), st.integers(1, 4), st.sampled_from("ab")
    )
)


@pytest.mark.parametrize("name", NAMES)
@given(spans=flat_spans())
def test_spans_survive_the_round_trip(name, spans):
    scheme = TagScheme(name)
    tags = scheme.encode(spans, LENGTH)
    assert len(tags) == LENGTH
    assert scheme.decode(tags) == spans
    assert scheme.decode(tags, strict=True) == spans


@pytest.mark.parametrize("name", NAMES)
@given(spans=flat_spans())
def test_encoded_tags_use_allowed_transitions_only(name, spans):
    scheme = TagScheme(name)
    tags = scheme.tags(["person", "Used-for"])
    indices = [tags.index(tag) for tag in scheme.encode(spans, LENGTH)]
    allowed = scheme.allowed_transitions(tags)
    assert indices[0] in allowed.start
    assert indices[-1] in allowed.end
    assert set(pairwise(indices)) <= allowed.pairs


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_allowed_paths_are_exactly_the_well_formed_ones(name, data):
    scheme = TagScheme(name)
    tags = scheme.tags("ab")
    path = data.draw(st.lists(st.integers(0, len(tags) - 1), min_size=1, max_size=5))
    allowed = scheme.allowed_transitions(tags)
    follows = set(pairwise(path)) <= allowed.pairs
    well_formed = path[0] in allowed.start and path[-1] in allowed.end and follows
    words = [tags[i] for i in path]
    spans = scheme.decode(words)
    assert well_formed == (scheme.encode(spans, len(words)) == words)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_lenient_decoding_covers_every_tagged_token_and_strict_gives_a_part_of_it(name, data):
    scheme = TagScheme(name)
    tags = data.draw(st.lists(st.sampled_from(scheme.tags("ab")), max_size=8))
    spans = scheme.decode(tags)
    covered = {i: span.label for span in spans for i in range(span.start, span.end)}
    assert covered == {i: tag[2:] for i, tag in enumerate(tags) if tag != "O"}
    assert set(scheme.decode(tags, strict=True)) <= set(spans)


def test_tags_are_listed_type_by_type():
    assert TagScheme("BIO").tags(["x", "y"]) == ["O", "B-x", "I-x", "B-y", "I-y"]
    assert TagScheme("BIOUL").tags(["x"]) == ["O", "B-x", "I-x", "L-x", "U-x"]
    assert TagScheme("BIOES").tags(["x"]) == ["O", "B-x", "I-x", "E-x", "S-x"]


@pytest.mark.parametrize(
    ("name", "tags", "lenient", "strict"),
    [
        ("BIO", "O I-x I-x", [(1, 3, "x")], []),
        ("BIO", "B-x I-y", [(0, 1, "x"), (1, 2, "y")], [(0, 1, "x")]),
        ("BIO", "B-x B-x I-x", [(0, 1, "x"), (1, 3, "x")], [(0, 1, "x"), (1, 3, "x")]),
        ("BIOUL", "B-x O", [(0, 1, "x")], []),
        ("BIOUL", "B-x I-x", [(0, 2, "x")], []),
        ("BIOUL", "L-x O U-x", [(0, 1, "x"), (2, 3, "x")], [(2, 3, "x")]),
        ("BIOUL", "B-x U-x", [(0, 1, "x"), (1, 2, "x")], [(1, 2, "x")]),
        ("BIOUL", "B-x L-y", [(0, 1, "x"), (1, 2, "y")], []),
        ("BIOUL", "I-x L-x", [(0, 2, "x")], []),
        ("BIOES", "B-x I-x E-x", [(0, 3, "x")], [(0, 3, "x")]),
    ],
)
def test_decoding_repairs(name, tags, lenient, strict):
    scheme = TagScheme(name)
    assert scheme.decode(tags.split()) == [Span(*span) for span in lenient]
    assert scheme.decode(tags.split(), strict=True) == [Span(*span) for span in strict]


@pytest.mark.parametrize("spans", [[(0, 2), (1, 3)], [(2, 2)], [(0, 5)], [(-1, 1)]])
def test_encoding_refuses_what_tags_cannot_hold(spans):
    with pytest.raises(ValueError):
        TagScheme("BIO").encode([Span(i, j, "x") for i, j in spans], 4)


@given(spans=any_spans)
def test_dropping_overlaps_keeps_flat_spans_and_loses_none(spans):
    kept, dropped = TagScheme.drop_overlaps(spans)
    assert set(kept) | set(dropped) == set(spans)
    assert not set(kept) & set(dropped)
    TagScheme("BIO").encode(kept, 20)
    for span in dropped:
        rivals = [k for k in kept if k.start < span.end and span.start < k.end]
        assert any(k.end - k.start >= span.end - span.start for k in rivals)


def test_unknown_scheme():
    with pytest.raises(ValueError, match="BIOUL"):
        TagScheme("BILOU")
