import json

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import DygieReader, Relation, Span

DOCUMENT = {
    "doc_key": "d",
    "sentences": [["Ann", "left", "."], ["Rome", "is", "old"]],
    "ner": [[[0, 0, "PER"]], [[3, 3, "LOC"], [2, 3, "BAD"]]],
    "relations": [[[0, 0, 3, 3, "left"]], [[3, 3, 3, 3, "self"]]],
    "events": [[[[1, "leave"]]], []],
}


@pytest.fixture
def read(tmp_path):
    def run(record):
        path = tmp_path / "dev.jsonl"
        path.write_text(json.dumps(record))
        return list(DygieReader().read(path))

    return run


def test_document_offsets(read):
    first, second = read(DOCUMENT)
    rome = Span(0, 1, "LOC")
    assert first.annotations["entities"].spans == (Span(0, 1, "PER"),)
    assert first.annotations["relations"].unplaced == (("Ann", "left", "Rome"),)
    assert first.notes == {"events not read": 1, "relation outside its sentence": 1}
    assert second.annotations["entities"].spans == (rome,)
    assert second.annotations["entities"].unplaced == ((". Rome", "BAD"),)
    assert second.annotations["relations"].relations == (Relation(rome, "self", rome),)


def test_a_document_without_a_key_is_not_annotated(read):
    first, _ = read({key: DOCUMENT[key] for key in ("sentences", "ner")})
    assert set(first.annotations) == {"entities"}


def test_documents_without_a_doc_key_are_numbered(tmp_path):
    document = {key: value for key, value in DOCUMENT.items() if key != "doc_key"}
    (tmp_path / "dev.jsonl").write_text(f"{json.dumps(document)}\n{json.dumps(document)}\n")
    ids = [instance.metadata["id"] for instance in DygieReader().read(tmp_path / "dev.jsonl")]
    assert ids == ["dev:1", "dev:2", "dev:3", "dev:4"]


def test_clusters_are_those_of_the_document(read):
    clusters = [[[0, 0], [3, 3]], [[1, 1], [4, 4]], [[2, 2], [5, 5]]]
    first, second = read({**DOCUMENT, "clusters": clusters, "event_clusters": [], "events": [[], [1, 2]]})
    assert first.notes["clusters not read"] == 3
    assert second.notes == {"events not read": 2, "mention outside its sentence": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ner": [[]]}, "'ner' has 1 lists, but there are 2 sentences"),
        ({"ner": [[[0, 6, "X"]], []]}, "[0, 6] is not within the 6 tokens"),
        ({"ner": [[[0, "X"]], []]}, "expected 2 indices and a label"),
        ({"relations": [[[0, 0, 1, "X"]], []]}, "expected 4 indices and a label"),
        ({"sentences": "Ann left"}, "'sentences': expected a list"),
    ],
)
def test_bad_documents_are_named(read, changes, message):
    with pytest.raises(ConfigurationError) as error:
        read({**DOCUMENT, **changes})
    assert "dev.jsonl:1" in str(error.value)
    assert message in str(error.value)
