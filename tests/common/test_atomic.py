import pytest

from causal_mtl.common.atomic import complete_file, write_json, write_text


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(tmp_path):
    path = tmp_path / "state.json"
    write_json(path, {"epoch": 1})
    with pytest.raises(TypeError), complete_file(path) as unfinished, unfinished.open("w") as file:
        file.write(2)
    assert path.read_text() == '{\n  "epoch": 1\n}\n'
    assert [p.name for p in tmp_path.iterdir()] == ["state.json"]


def test_a_file_left_by_a_crash_is_replaced(tmp_path):
    (tmp_path / ".unfinished_a.txt").write_text("left by a crash, and longer")
    write_text(tmp_path / "a.txt", "é")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "é"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_json_is_strict(tmp_path):
    with pytest.raises(ValueError):
        write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert not list(tmp_path.iterdir())
