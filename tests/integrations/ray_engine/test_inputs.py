import gzip

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.integrations.ray_engine.inputs import find_inputs, windows


def names(found):
    return [path.name for path in found]


def test_a_file_a_folder_or_a_pattern(tmp_path):
    for name in ("b.jsonl", "a.jsonl", "c.jsonl.gz", "_SUCCESS", ".hidden.jsonl"):
        (tmp_path / name).touch()
    assert names(find_inputs(f"{tmp_path}/b.jsonl")) == ["b.jsonl"]
    assert names(find_inputs(str(tmp_path))) == ["a.jsonl", "b.jsonl", "c.jsonl.gz"]
    assert names(find_inputs(f"{tmp_path}/[bc].jsonl*")) == ["b.jsonl", "c.jsonl.gz"]


@pytest.mark.parametrize(
    ("given", "output", "refused"),
    [
        (".", "labelled.jsonl", True),
        (".", "labelled.parquet", True),
        (".", "_labelled.jsonl", False),
        (".", "out/labelled.jsonl", False),
        ("*.jsonl", "labelled.jsonl", True),
        ("part.*.jsonl", "labelled.jsonl", False),
        ("a.jsonl", "labelled.jsonl", False),
        (".", None, False),
    ],
)
def test_an_output_that_the_next_run_would_read_is_refused(tmp_path, monkeypatch, given, output, refused):
    monkeypatch.chdir(tmp_path)
    for name in ("a.jsonl", "part.1.jsonl"):
        (tmp_path / name).touch()
    if refused:
        with pytest.raises(ConfigurationError, match=rf"{output}: lies among the input"):
            find_inputs(given, output)
    else:
        assert find_inputs(given, output)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "no file is"),
        (["a.jsonl", "b.csv"], "b.csv: the ray engine reads files named .jsonl"),
        (["a.jsonl", "b.parquet"], "both Parquet and JSON lines"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, files, message):
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(ConfigurationError, match=message):
        find_inputs(str(tmp_path))


def test_windows_count_lines_as_the_plain_engine_does(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"n": 1}\r\n\n{"n": "\xff"}\n  \n[3]\n')
    first, second = windows(file, 2)
    assert (first.numbers, second.numbers) == ([1, 3], [5])
    assert [*first.lines, *second.lines] == [b'{"n": 1}\n', b'{"n": "\xff"}\n', b"[3]\n"]


def test_a_json_list_is_refused(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text('[{"text": "a"},\n{"text": "b"}]')
    with pytest.raises(ConfigurationError, match=r"a\.jsonl: a JSON list; the ray engine reads one object"):
        list(windows(file, 2))


def test_whole_windows_come_before_damage(tmp_path):
    file = tmp_path / "a.jsonl.gz"
    lines = b"".join(b'{"number": %d}\n' % number**7 for number in range(5_000))
    file.write_bytes(gzip.compress(lines)[:-2000])
    read = []
    with pytest.raises(ConfigurationError, match="not a sound compressed file"):
        read.extend(window.numbers for window in windows(file, 10))
    assert 3 < len(read) < 500
    assert read == [list(range(10 * i + 1, 10 * i + 11)) for i in range(len(read))]
