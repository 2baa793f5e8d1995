import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import TriplesReader
from causal_mtl.data.dataset_readers.part import Part

SHARES = {"train": 0.7, "dev": 0.3}


def test_parts_are_disjoint_complete_and_near_their_shares():
    ids = [str(i) for i in range(2000)]
    parts = {name: {i for i in ids if Part(name, SHARES).has(i)} for name in SHARES}
    assert parts["train"] | parts["dev"] == set(ids)
    assert not parts["train"] & parts["dev"]
    assert 500 < len(parts["dev"]) < 700


def test_a_seed_makes_other_parts():
    ids = [str(i) for i in range(100)]
    one, two = ([Part("dev", SHARES, seed).has(i) for i in ids] for seed in (0, 1))
    assert one != two


def test_the_order_of_the_shares_does_not_matter():
    ids = [str(i) for i in range(100)]
    one, two = (
        [Part("dev", shares).has(i) for i in ids] for shares in (SHARES, dict(reversed(SHARES.items())))
    )
    assert one == two


def test_a_reader_reads_one_part(fixtures):
    counts = [
        sum(1 for _ in TriplesReader(part=Part(name, SHARES)).read(fixtures / "triples/dev.json"))
        for name in SHARES
    ]
    assert sum(counts) == 60
    assert min(counts) > 0


@pytest.mark.parametrize(("name", "shares"), [("test", SHARES), ("train", {"train": 0.7, "dev": 0.4})])
def test_shares_are_checked(name, shares):
    with pytest.raises(ConfigurationError, match="share"):
        Part(name, shares)
