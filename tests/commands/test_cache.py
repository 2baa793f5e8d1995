import os
import time

import numpy as np
import pytest

from causal_mtl.commands import main
from causal_mtl.training.frozen_cache.files import EntryFiles
from causal_mtl.training.frozen_cache.note import Note, write_use
from causal_mtl.training.frozen_cache.table import open_table, write_table


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setenv("CAUSAL_MTL_CACHE", str(tmp_path / "features"))
    (tmp_path / "features").mkdir()
    return tmp_path / "features"


def add(directory, digit, days=0.0, data="a.json"):
    entry = EntryFiles(directory, digit * 64)
    write_table(entry.table, (1000, 2, 50), [np.zeros((1000, 2, 50), dtype=np.float16)])
    write_use(entry, Note("minilm", [data], 70, [1000, 2, 50], {}))
    used = time.time() - days * 86_400
    os.utime(entry.note, (used, used))
    return entry


def test_list(directory, capsys):
    add(directory, "a", data="train.json\x1b[31m")
    table = open_table(add(directory, "b", days=400).table, (1000, 2, 50))
    add(directory, "c", days=500).note.unlink()
    (directory / (".unfinished_" + "d" * 64 + ".npy")).write_text("")
    assert main(["cache", "list"]) == 0
    out = capsys.readouterr().out
    assert f"{'a' * 12}  0.2 MB, last used {time.strftime('%Y-')}" in out
    assert "  model      minilm\n  sentences  70 (1,000 tokens, 2 × 50 numbers for each)\n" in out
    assert "  data       train.json\\x1b[31m\n" in out
    assert out.count("in use now") == 1
    assert "of what is not known" in out
    assert "unfinished" in out
    assert out.endswith(f"{directory}: 4 data sets, 0.6 MB\n")
    del table


def test_list_nothing(directory, capsys):
    directory.rmdir()
    assert main(["cache", "list"]) == 0
    assert capsys.readouterr().out == f"{directory}: 0 data sets, 0.0 MB\n"
    assert not directory.exists()


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--older-than", "30"], "ab"),
        (["--older-than", "0.5", "--max-size", "1"], "a"),
        (["--max-size", "0.0005"], "ab"),
        (["--all"], ""),
    ],
)
def test_prune(directory, capsys, options, left):
    add(directory, "a")
    add(directory, "b", days=2)
    add(directory, "c", days=40)
    (directory / "mine.npy").write_text("")
    assert main(["cache", "prune", *options]) == 0
    assert capsys.readouterr().out.startswith(f"{directory}: {3 - len(left)} deleted, ")
    assert {path.name[0] for path in directory.glob("*.npy")} == {*left, "m"}


def test_prune_says_what_is_in_use(directory, capsys):
    entry = add(directory, "a")
    table = open_table(entry.table, (1000, 2, 50))
    assert main(["cache", "prune", "--all"]) == 0
    out = capsys.readouterr().out
    assert out == f"in use, not deleted: {'a' * 12}\n{directory}: 0 deleted, 0.0 MB\n"
    assert entry.table.exists()
    del table


@pytest.mark.parametrize("arguments", [["prune"], ["list", "--all"], ["list", "--max-size", "0"]])
def test_options_that_do_not_fit(directory, capsys, arguments):
    assert main(["cache", *arguments]) == 2
    assert "--older-than, --max-size" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "x"])
def test_numbers_that_are_none(directory, capsys, value):
    with pytest.raises(SystemExit):
        main(["cache", "prune", f"--older-than={value}"])
