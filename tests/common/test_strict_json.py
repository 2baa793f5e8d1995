import json

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.common.strict_json import parse_json, read_json_object


def test_plain_json_with_keys_sorted(tmp_path):
    value = {"b": [1, 2.5, None, True, "ü"], "a": {"z": {}, "y": []}}
    (tmp_path / "x.json").write_text(json.dumps(value, ensure_ascii=False))
    read = read_json_object(tmp_path / "x.json")
    assert read == value
    assert list(read) == ["a", "b"]
    assert list(read["a"]) == ["y", "z"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting value"),
        ("{a: 1}", "Expecting property name"),
        ('{"a": 1} x', "Extra data"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' is given twice"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": -Infinity}', "-Infinity is not a number"),
        ('{"a": 1e999}', "1e999 is too large"),
        ('{"a": ' + "9" * 5000 + "}", "digits"),
        ('{"a": "\\ud800"}', "surrogates not allowed"),
        ('{"\\ud800": 1}', "surrogates not allowed"),
        ("[" * 100 + "]" * 100, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_json(text, message):
    with pytest.raises(ValueError, match=message):
        parse_json(text)


def test_files(tmp_path):
    path = tmp_path / "x.json"
    with pytest.raises(ConfigurationError, match=r"x\.json: cannot be read: No such file"):
        read_json_object(path)
    path.write_bytes(b'{"a": "\xff"}')
    with pytest.raises(ConfigurationError, match=r"x\.json: not JSON: .*utf-8"):
        read_json_object(path)
    path.write_text("[1]")
    with pytest.raises(ConfigurationError, match=r"x\.json: expected an object, got list"):
        read_json_object(path)
    with pytest.raises(ConfigurationError, match=r"x\.json: 3 bytes, more than the 2 allowed"):
        read_json_object(path, max_bytes=2)
