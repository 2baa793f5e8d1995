import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.common.strict_json import MAX_DEPTH, check, parse, parse_list, read_json_object

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_what_can_be_written_is_taken_as_it_is(value):
    text = json.dumps(value)
    assert parse(text) == value
    check(value)


@given(st.lists(JSON, max_size=4), st.sampled_from([None, 1]))
def test_a_list_item_by_item(values, indent):
    text = "\n \t" + json.dumps(values, indent=indent) + "\n"
    assert [value for _, value in parse_list(text)] == values


def test_lines_of_a_list():
    assert list(parse_list('\n[1,\n\n {"a":\n 2}\n, 3]\n')) == [(2, 1), (4, {"a": 2}), (6, 3)]


@pytest.mark.parametrize(
    ("text", "taken", "message"),
    [
        ("[1,\n 2", 2, "2: malformed JSON: expected ',' or ']'"),
        ("[1,\n 2 3]", 2, "2: malformed JSON: expected ',' or ']'"),
        ("[1,\n]", 1, "2: malformed JSON: Expecting value"),
        ("[1]\n\n[2]", 1, "3: malformed JSON: text after the end"),
        ("[1,\n" + "[" * 100_000, 1, "2: malformed JSON: nested too deeply"),
        ("[", 0, "1: malformed JSON"),
    ],
)
def test_malformed_lists(text, taken, message):
    items = parse_list(text)
    assert [next(items)[1] for _ in range(taken)] == list(range(1, taken + 1))
    with pytest.raises(ConfigurationError, match=message):
        next(items)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": [1, NaN]}', r"^a\[1\]: the number is NaN, infinite or too large"),
        ('{"a": {"b.c": -Infinity}}', r'^a\["b.c"\]: the number'),
        ('{"a": 1e999}', "^a: the number"),
        ('{"a": -' + "9" * 5000 + "}", "^a: the number"),
        ('{"a": "\\ud800"}', "^a: the string has half of a surrogate pair"),
        ('{"\\udfff": 1}', r"^the key '\\udfff' has half"),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "^a: the key 'b' is given twice"),
        ('{"a": ' + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1) + "}", r"^a\[0\]\[0\].*nested too deeply"),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(ConfigurationError, match=message):
        check(parse(text))


def test_what_is_taken():
    check(parse('{"a": ' + "[" * (MAX_DEPTH - 2) + "]" * (MAX_DEPTH - 2) + ', "b": ' + "9" * 300 + "}"))
    check(parse('{"a": "\\ud835\\udd4f"}'))  # both halves


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {1, 2}}, "a: expected JSON, got set"),
        ({"a": 10**400}, "more than 300 digits"),
        ({"a": [float("nan")]}, r"a\[0\]: the number"),
        ({(1, 2): 1}, "is no string"),
    ],
)
def test_values_from_python(value, message):
    with pytest.raises(ConfigurationError, match=message):
        check(value)


def test_a_value_that_holds_itself():
    value = []
    value.append(value)
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        check({"a": value})


def test_a_file_with_keys_sorted(tmp_path):
    value = {"b": [1, 2.5, None, True, "ü"], "a": {"z": {}, "y": []}}
    (tmp_path / "x.json").write_text(json.dumps(value, ensure_ascii=False))
    read = read_json_object(tmp_path / "x.json")
    assert read == value
    assert list(read) == ["a", "b"]
    assert list(read["a"]) == ["y", "z"]


def test_files_that_cannot_be_read(tmp_path):
    path = tmp_path / "x.json"
    with pytest.raises(ConfigurationError, match=r"x\.json: cannot be read: No such file"):
        read_json_object(path)
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(ConfigurationError, match=r"x\.json: not JSON: .*utf-8"):
        read_json_object(path)
    for text, message in (
        ("", "malformed JSON: Expecting value"),
        ('{"a": 1} x', "malformed JSON: Extra data at column 10"),
        ('{\n"a" 1}', "malformed JSON: Expecting ':' delimiter at line 2, column 5"),
        ('{"a": {"b": 1, "b": 2}}', "a: the key 'b' is given twice"),
        ("[" * 100_000, "malformed JSON: nested too deeply"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigurationError, match=rf"x\.json: {message}"):
            read_json_object(path)
    path.write_text("[1]")
    with pytest.raises(ConfigurationError, match=r"x\.json: expected an object, got list"):
        read_json_object(path)
    with pytest.raises(ConfigurationError, match=r"x\.json: 3 bytes, more than the 2 allowed"):
        read_json_object(path, max_bytes=2)
