import json

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import DatasetReader, JsonlReader, WhitespaceTokenizer, to_json


def test_three_tasks(fixtures):
    instances = list(JsonlReader().read(fixtures / "jsonl/train.jsonl"))
    assert len(instances) == 36
    for instance in instances:
        assert set(instance.annotations) == {"entities", "relations", "topics"}
        assert instance.annotations["topics"].labels
        spans = instance.annotations["entities"].spans
        assert {r.head for r in instance.annotations["relations"].relations} <= set(spans)
        assert not instance.notes
        assert "id" in instance.metadata


def test_what_is_written_can_be_read_as_gold_with_any_tokenizer(fixtures, tmp_path):
    instances = list(JsonlReader().read(fixtures / "jsonl/dev.jsonl"))
    path = tmp_path / "written.jsonl"
    path.write_text("".join(json.dumps(to_json(instance)) + "\n" for instance in instances))
    assert list(JsonlReader(tokenizer=WhitespaceTokenizer()).read(path)) == instances


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("string_offset.jsonl", r":1: annotations\.e\.spans\[0\]: 'start': expected an integer, got \"0\""),
        ("two_kinds.jsonl", r":1: annotations\.e: expected exactly one of the keys"),
        ("no_such_span.jsonl", r":1: annotations\.r\.relations\[0\]\.head: there is no span 0"),
    ],
)
def test_bad_files(fixtures, file, message):
    with pytest.raises(ConfigurationError, match=message):
        list(JsonlReader().read(fixtures / "bad" / file))


def test_error_records_of_predictions_are_no_gold(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"error": "no text"}\n')
    with pytest.raises(ConfigurationError, match=r"x\.jsonl:1: .*no text"):
        list(JsonlReader().read(tmp_path / "x.jsonl"))


def test_registered():
    assert isinstance(DatasetReader.from_params("jsonl"), JsonlReader)
