import pytest

from causal_mtl.data import overlap_kinds


@pytest.mark.parametrize(
    ("triples", "kinds"),
    [
        ("", ""),
        ("arb", "Normal"),
        ("arb crd", "Normal"),
        ("arb arb", "Normal"),
        ("arb asb", "EPO"),
        ("arb bsa", "SEO"),
        ("arb asc", "SEO"),
        ("arb asb brc", "EPO SEO"),
        ("ara", "SEO"),
    ],
)
def test_kinds(triples, kinds):
    assert overlap_kinds([tuple(triple) for triple in triples.split()]) == frozenset(kinds.split())
