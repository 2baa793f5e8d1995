import json

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import DoccanoReader, Relation, Span, WhitespaceTokenizer

GRAPH = {
    "id": 4,
    "text": "Ann left Rome",
    "entities": [
        {"id": 8, "label": "P", "start_offset": 0, "end_offset": 3},
        {"id": 9, "label": "L", "start_offset": 9, "end_offset": 13},
        {"id": 10, "label": "L", "start_offset": 9, "end_offset": 11},
    ],
    "relations": [
        {"id": 1, "from_id": 8, "to_id": 9, "type": "left"},
        {"id": 2, "from_id": 8, "to_id": 10, "type": "left"},
    ],
    "cats": ["travel"],
}


@pytest.fixture
def read(tmp_path):
    def run(record):
        path = tmp_path / "dev.jsonl"
        path.write_text(json.dumps(record))
        return next(DoccanoReader(tokenizer=WhitespaceTokenizer()).read(path))

    return run


def test_relations(read):
    instance = read(GRAPH)
    ann, rome = Span(0, 1, "P"), Span(2, 3, "L")
    assert instance.annotations["entities"].spans == (ann, rome)
    assert instance.annotations["entities"].unplaced == (("Ro", "L"),)
    assert instance.annotations["relations"].relations == (Relation(ann, "left", rome),)
    assert instance.annotations["relations"].unplaced == (("Ann", "left", "Ro"),)
    assert instance.annotations["categories"].labels == ("travel",)
    assert instance.metadata == {"id": 4}


def test_slots_and_an_intent(read):
    annotations = read({"text": "Ann left Rome", "cats": ["travel"], "entities": [[0, 3, "P"]]}).annotations
    assert list(annotations) == ["entities", "categories"], "no relations are asked for"
    assert annotations["entities"].spans == (Span(0, 1, "P"),)
    assert annotations["categories"].labels == ("travel",)
    assert list(read({"text": "Ann", "cats": ["a"], "entities": []}).annotations) == [
        "entities",
        "categories",
    ]
    assert "relations" in read({"text": "Ann", "entities": [], "relations": []}).annotations


@pytest.mark.parametrize("key", ["label", "labels"])
def test_spans_or_categories(read, key):
    spans = read({"text": "Ann left Rome", key: [[0, 3, "P"]]}).annotations
    assert list(spans) == ["entities"]
    assert spans["entities"].spans == (Span(0, 1, "P"),)
    labels = read({"text": "Ann left Rome", key: ["a", "b"]}).annotations
    assert list(labels) == ["categories"]
    assert labels["categories"].labels == ("a", "b")


@pytest.mark.parametrize(
    ("label", "task"), [(["x"], "categories"), ([[0, 1, "x"]], "entities"), ([], "entities")]
)
def test_an_empty_list_is_gold_of_what_the_file_has(tmp_path, label, task):
    records = [{"text": "a b", "label": []}, {"text": "c d", "label": label}]
    (tmp_path / "dev.jsonl").write_text("\n".join(map(json.dumps, records)))
    found = list(DoccanoReader(tokenizer=WhitespaceTokenizer()).read(tmp_path / "dev.jsonl"))
    assert [list(instance.annotations) for instance in found] == [[task]] * 2


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": "Ann"}, "expected 'label' or 'entities'"),
        ({"text": "Ann", "label": [[0, 9, "P"]]}, "[0, 9) does not lie within 3 characters"),
        ({"text": "Ann", "label": [[0, "P"]]}, "expected [start, end, label]"),
        ({"text": "Ann", "label": ["a", 3]}, "'label'[1]: expected a string"),
        ({**GRAPH, "relations": [{"from_id": 8, "to_id": 3, "type": "x"}]}, "no entity with the id 3"),
        (
            {**GRAPH, "entities": [[0, 3, "P"]], "relations": [{"from_id": 0, "to_id": 0, "type": "x"}]},
            "'relations'[0]: 'from_id': there is no entity with the id 0",
        ),
        (
            {**GRAPH, "entities": GRAPH["entities"][:1] * 2},
            "'entities'[1]: there are two entities with the id 8",
        ),
        ({**GRAPH, "label": ["a"]}, "'label' is not read beside 'entities': leave out one of them"),
        ({"text": "Ann", "label": ["a"], "labels": ["b"]}, "'labels' is not read beside 'label'"),
        ({"text": "Ann", "label": [[0, 3, "P"]], "relations": []}, "'relations' is not read beside 'label'"),
        ({"text": "Ann", "label": [[0, 3, "P"]], "cats": ["a"]}, "'cats' is not read beside 'label'"),
    ],
)
def test_bad_records_are_named(read, record, message):
    with pytest.raises(ConfigurationError) as error:
        read(record)
    assert "dev.jsonl:1" in str(error.value)
    assert message in str(error.value)
