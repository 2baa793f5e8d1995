"""Parquet in, Parquet out; no Ray is started."""

import io
import json
from datetime import date

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data.records import line_entry
from causal_mtl.integrations.ray_engine.parquet_input import rows_as_lines
from causal_mtl.integrations.ray_engine.parquet_output import ParquetOutput

pa = pytest.importorskip("pyarrow", reason="needs causal-mtl[ray]")
parquet = pytest.importorskip("pyarrow.parquet", reason="needs causal-mtl[ray]")


def write(path, **columns):
    parquet.write_table(pa.table(columns), path)
    return path


def test_rows_become_records(tmp_path):
    file = write(
        tmp_path / "a.parquet",
        id=pa.array([7, 8, 9], pa.int32()),
        text=["é", None, "c"],
        tokens=[None, ["x"], None],
        given=['{"task": {"labels": []}}', None, "no JSON"],
    )
    numbers, lines = zip(*rows_as_lines(file, 2), strict=True)
    assert numbers == (1, 2, 3)
    assert [json.loads(line) for line in lines] == [
        {"id": 7, "text": "é", "tokens": None, "given": {"task": {"labels": []}}},
        {"id": 8, "tokens": ["x"], "given": None},
        {"id": 9, "text": "c", "tokens": None, "given": "no JSON"},
    ]


def error_of(tmp_path, **columns):
    """Of the only row, by the strict parser that workers read lines with."""
    (numbered,) = rows_as_lines(write(tmp_path / "a.parquet", **columns), 2)
    return line_entry(numbered).error


@pytest.mark.parametrize("column", ["given", "annotations"])
@pytest.mark.parametrize(
    ("text", "error"),
    [
        (r'{"a": "\ud800"}', "{column}.a: the string has half of a surrogate pair"),
        ('{"a": 1, "a": 2}', "{column}: the key 'a' is given twice"),
        ('{"a": NaN}', "{column}.a: the number is NaN"),
        ("[" * 101 + "]" * 101, "nested too deeply (more than 100"),
    ],
)
def test_json_in_a_column_is_checked_as_that_of_lines(tmp_path, column, text, error):
    assert error.format(column=column) in error_of(tmp_path, text=["a"], **{column: [text]})


def test_json_in_a_column_that_is_nested_beyond_all_bounds(tmp_path):
    for depth in (*range(900, 1000), 100_000):
        file = write(tmp_path / "a.parquet", text=["a"], given=['{"a": ' * depth + "1" + "}" * depth])
        ((_, line),) = rows_as_lines(file, 2)
        entry = line_entry((1, line))
        assert entry.error or isinstance(entry.record["given"], str)


def test_json_in_a_column_is_one_value(tmp_path):
    file = write(tmp_path / "a.parquet", given=['{}, "text": "b"'], text=["a"])
    assert [json.loads(line)["text"] for _, line in rows_as_lines(file, 2)] == ["a"]


def test_a_string_that_is_not_utf8_is_a_bad_line(tmp_path):
    text = pa.array([b"a", b"b \xff", b"c"]).cast(pa.binary()).view(pa.string())
    lines = list(rows_as_lines(write(tmp_path / "a.parquet", id=[1, 2, 3], text=text), 2))
    first, bad, last = map(line_entry, lines)
    assert (first.record, last.record) == ({"id": 1, "text": "a"}, {"id": 3, "text": "c"})
    assert bad.error.startswith("not UTF-8: invalid start byte at byte 3")


def test_a_column_that_json_lacks_is_refused(tmp_path):
    file = write(tmp_path / "a.parquet", text=["a"], day=[{"at": date(2026, 1, 2)}])
    with pytest.raises(ConfigurationError, match=r"a\.parquet: column 'day': JSON has no struct<at: date32"):
        list(rows_as_lines(file, 2))


@pytest.mark.parametrize("damage", [lambda data: data[:-10], lambda data: b"", lambda data: b"text" * 9])
def test_damage_is_named(tmp_path, damage):
    file = write(tmp_path / "a.parquet", text=["a"])
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ConfigurationError, match=r"a\.parquet: not a sound Parquet file"):
        list(rows_as_lines(file, 2))


def test_damage_within_the_file_is_named(tmp_path):
    file = write(tmp_path / "a.parquet", text=[str(number) for number in range(1000)])
    data = bytearray(file.read_bytes())
    data[4:2000] = bytes(1996)
    file.write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"a\.parquet: after row 0: "):
        list(rows_as_lines(file, 2))


def predictions(inputs, *records):
    file = io.BytesIO()
    output = ParquetOutput(file, inputs)
    output.write([json.dumps(record).encode() for record in records])
    output.close()
    return parquet.read_table(io.BytesIO(file.getvalue()))


ANNOTATIONS = {"topic": {"labels": ["é"]}}


def test_json_lines_have_a_column_for_the_rest(tmp_path):
    table = predictions(
        [tmp_path / "a.jsonl"],
        {"text": "a b", "tokens": ["a", "b"], "annotations": ANNOTATIONS, "id": 1, "x": [None]},
        {"text": "c", "tokens": ["c"], "annotations": ANNOTATIONS},
        {"line": 3, "error": "bad"},
    )
    assert table["text"].to_pylist() == ["a b", "c", None]
    assert table["tokens"].to_pylist() == [["a", "b"], ["c"], None]
    assert json.loads(table["annotations"][0].as_py()) == ANNOTATIONS
    rest = [value and json.loads(value) for value in table["fields"].to_pylist()]
    assert rest == [{"id": 1, "x": [None]}, None, {"line": 3, "error": "bad"}]


def test_columns_of_the_input_keep_their_types(tmp_path):
    file = write(
        tmp_path / "a.parquet",
        id=pa.array([2**40, None], pa.int64()),
        weight=pa.array([0.1, 0.2], pa.float32()),
        text=["a", "b"],
        given=['{"topic": {"labels": []}}', None],
    )
    records = [json.loads(line) for _, line in rows_as_lines(file, 5)]
    table = predictions([file], *({**r, "tokens": ["a"], "annotations": {}, "new": 1} for r in records))
    assert table["id"].to_pylist() == [2**40, None]
    assert table.schema.field("weight").type == pa.float32()
    assert table["weight"].to_pylist() == pa.array([0.1, 0.2], pa.float32()).to_pylist()
    assert json.loads(table["given"][0].as_py()) == {"topic": {"labels": []}}
    assert table["fields"].to_pylist() == ['{"new": 1}'] * 2


def test_records_that_were_skipped_do_not_go_into_columns_of_the_input(tmp_path):
    file = write(tmp_path / "a.parquet", text=["a", "b"], line=["x", "y"], error=["u", "v"])
    skipped = {"line": 2, "error": "bad", "file": "a.parquet"}
    done = {"text": "a", "tokens": ["a"], "annotations": {}, "line": "x", "error": "u"}
    table = predictions([file], done, skipped)
    assert table["line"].to_pylist() == ["x", None]
    assert table["error"].to_pylist() == ["u", None]
    assert table["fields"][0].as_py() is None
    assert json.loads(table["fields"][1].as_py()) == skipped


def test_a_column_named_fields_is_refused(tmp_path):
    file = write(tmp_path / "a.parquet", text=["a"], fields=["b"])
    with pytest.raises(
        ConfigurationError, match=r"column 'fields': the output has one .* of another prediction"
    ):
        predictions([file])


def test_files_with_other_columns_are_refused(tmp_path):
    one, two = write(tmp_path / "a.parquet", text=["a"]), write(tmp_path / "b.parquet", text=["a"], id=[1])
    with pytest.raises(ConfigurationError, match=r"b\.parquet: its columns are not those of .*a\.parquet"):
        predictions([one, two])


def test_a_value_that_does_not_fit_its_column_is_an_error(tmp_path):
    file = write(tmp_path / "a.parquet", text=["a"], id=[1])
    with pytest.raises(ConfigurationError, match="does not fit its column"):
        predictions([file], {"text": "a", "tokens": ["a"], "annotations": {}, "id": "one"})
