import json

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import CebabReader, JsonlReader, TriplesReader
from causal_mtl.data.dataset_readers.recognise import FORMS

SPERT = {"tokens": ["A"], "entities": [{"type": "x", "start": 0, "end": 1}], "relations": [], "orig_id": 3}
CASREL = {"text": "A b", "triple_list": [["A", "r", "b"]]}
JSONL = {"text": "A b", "annotations": {}}


def error(reader, tmp_path, text):
    (tmp_path / "data").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        list(reader.read(tmp_path / "data"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("reader", "record", "message"),
    [
        (JsonlReader(), CASREL, 'CasRel\'s triples: read it with `dataset_reader: {"type": "triples"}`'),
        (
            TriplesReader(),
            JSONL,
            'the library\'s own schema: read it with `dataset_reader: {"type": "jsonl"}`',
        ),
        (JsonlReader(), SPERT, "this looks like SpERT"),
        (TriplesReader(), SPERT, "this looks like SpERT"),
        (JsonlReader(), {"text": "A b", "label": [[0, 1, "x"]]}, "this looks like doccano"),
        (JsonlReader(), {"text": "A b", "labels": [[0, 1, "x"]]}, "this looks like doccano"),
        (JsonlReader(), {"text": "A b", "cats": ["y"], "entities": [[0, 1, "x"]]}, "this looks like doccano"),
        (
            JsonlReader(),
            {
                "text": "A",
                "entities": [{"id": 1, "label": "x", "start_offset": 0, "end_offset": 1}],
                "relations": [{"id": 2, "from_id": 1, "to_id": 1, "type": "r"}],
            },
            "this looks like doccano",
        ),
        (
            JsonlReader(),
            {"text": "A", "anotations": {}},
            "unknown key 'anotations'; did you mean 'annotations'?",
        ),
        (JsonlReader(), {"text": "A", "Annotation": {}}, "did you mean 'annotations'?"),
        (JsonlReader(), {"description": "A", "review_majority": "3"}, "this looks like CEBaB"),
        (CebabReader(), CASREL, "this looks like CasRel's triples"),
        (JsonlReader(), {"sentences": [["A"]], "ner": [[]], "doc_key": "1"}, "this looks like DyGIE"),
    ],
)
def test_records_of_another_form(reader, record, message, tmp_path):
    found = error(reader, tmp_path, json.dumps(record))
    assert message in found
    assert "data:1: " in found


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('<?xml version="1.0"?>', "XML"),
        ("EU NNP B-NP B-ORG", "CoNLL"),
        ("-DOCSTART- -X- O O", "CoNLL"),
        ("T1\tPerson 0 3\tAnn", "brat"),
    ],
)
def test_files_that_are_no_json(line, name, tmp_path):
    found = error(JsonlReader(), tmp_path, f"\n{line}\n")
    assert "data:2: malformed JSON" in found
    assert f"this looks like {name}" in found


def test_texts_without_labels_are_no_other_form(tmp_path):
    (tmp_path / "data").write_text(
        '{"text": "A", "label": "x", "entities": "none"}\n{"tokens": ["a"], "id": 1}\n'
    )
    assert len(list(JsonlReader().read(tmp_path / "data"))) == 2


def test_a_form_that_a_new_reader_reads(monkeypatch, tmp_path):
    from causal_mtl.data import DatasetReader

    monkeypatch.setattr(DatasetReader, "list_available", classmethod(lambda cls: ["jsonl", "spert"]))
    assert '`dataset_reader: {"type": "spert"}`' in error(JsonlReader(), tmp_path, json.dumps(SPERT))


def test_forms_are_told_apart_by_their_keys():
    assert all(form.keys for form in FORMS)
