"""The same sentences in several formats give the same instances."""

import pytest

from causal_mtl.data import ConllReader, DygieReader, SpertReader, TriplesReader

READERS = {
    "spert/dev.json": SpertReader,
    "dygie/dev.jsonl": DygieReader,
    "conll/dev.txt": ConllReader,
    "conll/dev.tsv": ConllReader,
}
TYPES = {"person": "Peop", "organization": "Org", "city": "Loc", "country": "Loc"}


@pytest.mark.parametrize("path", READERS)
def test_spans_and_relations(fixtures, path):
    expected = list(SpertReader().read(fixtures / "spert/dev.json"))
    found = list(READERS[path]().read(fixtures / path))
    assert [i.text for i in found] == [i.text for i in expected]
    for instance, other in zip(found, expected, strict=True):
        places = {
            (s.start, s.end, TYPES.get(s.label, s.label)) for s in instance.annotations["entities"].spans
        }
        wanted = {(s.start, s.end, TYPES.get(s.label, s.label)) for s in other.annotations["entities"].spans}
        assert places == wanted
        assert not instance.notes
        if "relations" in instance.annotations:
            assert set(instance.annotations["relations"].relations) == set(
                other.annotations["relations"].relations
            )


def test_relations_are_those_of_the_triples(fixtures):
    triples = TriplesReader().read(fixtures / "triples/spo.json")
    for instance, other in zip(SpertReader().read(fixtures / "spert/dev.json"), triples, strict=True):
        assert instance.annotations["relations"] == other.annotations["relations"]


def test_ids_are_stable_and_different(fixtures):
    ids = [i.metadata["id"] for i in DygieReader().read(fixtures / "dygie/dev.jsonl")]
    assert ids == ["d0:0", "d0:1", "d1:0", "d1:1"]
    ids = [i.metadata["id"] for i in ConllReader().read(fixtures / "conll/dev.txt")]
    assert ids == ["dev.txt:1:0", "dev.txt:1:1", "dev.txt:2:0", "dev.txt:2:1"]
    ids = [i.metadata["id"] for i in TriplesReader().read(fixtures / "triples/spo.json")]
    assert ids == ["spo:1", "spo:2", "spo:3", "spo:4"]
