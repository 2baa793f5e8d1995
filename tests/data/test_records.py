import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.data.records import read_entries, read_lines, read_records


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


def test_a_byte_order_mark_is_one_at_the_beginning_only(tmp_path):
    (tmp_path / "x").write_text("\ufeffa O\n\ufeff B-X\n", encoding="utf-8")
    assert [line for _, line in read_lines(tmp_path / "x")] == ["a O\n", "\ufeff B-X\n"]


def read(tmp_path, content):
    path = tmp_path / "x"
    path.write_bytes(content)
    return [(where.removeprefix(str(path)), record) for where, record in read_records(path)]


def test_records_of_a_list_say_where_they_stand(tmp_path):
    assert read(tmp_path, b'[{"a": 1},\n\n{"a": 2}]') == [
        (":1: record 1", {"a": 1}),
        (":3: record 2", {"a": 2}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1}\n{"a": "\xff"}\n', "x:2: not UTF-8: invalid start byte at byte 8 of the line"),
        (b'[{"a": 1},\n{"a": "\xff"}]\n', "x:2: not UTF-8"),
        (b'{"a": 1}\n{"a": NaN}\n', "x:2: a: the number is NaN"),
        (b'[{"a": 1},\n{"a": {"b": NaN}}]\n', "x:2: record 2: a.b: the number is NaN"),
        (b'[{"a": 1},\n{"a": }]\n', "x:2: malformed JSON"),
        (b'{"a": 1}\n[2]\n', "x:2: expected an object, got .2."),
        (b'[2]\n{"a": 1}\n', "x:1: expected an object, got .2."),  # lines, the first of which is no object
        (b"[2]\n", "x:1: record 1: expected an object, got 2"),
    ],
)
def test_bad_records_name_their_line(tmp_path, content, message):
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize("name", ["x.gz", "x.zip"])
@pytest.mark.parametrize("content", [b"nonsense", b""])
def test_a_damaged_compressed_file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    if (name, content) == ("x.gz", b""):
        assert not list(read_records(tmp_path / name))
        return
    with pytest.raises(ConfigurationError, match=f"{name}: not a sound compressed file"):
        list(read_records(tmp_path / name))


def test_a_file_that_was_cut_short(tmp_path):
    (tmp_path / "x.gz").write_bytes(gzip.compress(b'{"a": 1}\n' * 1000)[:-10])
    with pytest.raises(ConfigurationError, match=r"x\.gz: not a sound compressed file"):
        list(read_records(tmp_path / "x.gz"))


@given(st.lists(st.dictionaries(st.text("ab\n[é"), st.integers(), max_size=2), min_size=1), st.booleans())
def test_bytes_and_text_lines_are_read_alike(records, as_list):
    text = json.dumps(records, indent=1) if as_list else "\n\n".join(map(json.dumps, records))
    for lines in (text.splitlines(keepends=True), text.encode().split(b"\n")):
        assert [entry.record for entry in read_entries(lines)] == records
