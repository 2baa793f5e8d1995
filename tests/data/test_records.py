import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data.records import read_records


@pytest.mark.parametrize(
    "text", ['\n [{"a": 1},\n {"a": 2}]', '{"a": 1}\n\n{"a": 2}\n', '\ufeff{"a": 1}\n{"a": 2}']
)
def test_lists_and_lines(tmp_path, text):
    (tmp_path / "x").write_text(text, encoding="utf-8")
    assert [record for _, record in read_records(tmp_path / "x")] == [{"a": 1}, {"a": 2}]


def test_records_say_where_they_stand(tmp_path):
    (tmp_path / "x").write_text('{"a": 1}\n\n{"a": 2}\n')
    assert [where for where, _ in read_records(tmp_path / "x")] == [f"{tmp_path}/x:1", f"{tmp_path}/x:3"]


def test_other_encodings(tmp_path):
    (tmp_path / "x").write_bytes('{"a": "é"}'.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="x:1: not UTF-8"):
        list(read_records(tmp_path / "x"))
