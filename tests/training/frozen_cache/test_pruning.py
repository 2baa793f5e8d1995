import os

import numpy as np
import pytest

from causal_mtl.training.frozen_cache.files import EntryFiles
from causal_mtl.training.frozen_cache.locks import alone_with
from causal_mtl.training.frozen_cache.note import Note, write_use
from causal_mtl.training.frozen_cache.pruning import contents, is_in_use, prune
from causal_mtl.training.frozen_cache.table import open_table, write_table

NOW = 2_000_000_000.0
SIZE = 128 + 40 + 4


@pytest.fixture
def three(tmp_path):
    """Last used 1, 2 and 3 seconds ago."""
    made = []
    for number in range(3):
        entry = EntryFiles(tmp_path, str(number) * 64)
        write_table(entry.table, (20, 1), [np.zeros((20, 1), dtype=np.float16)])
        write_use(entry, Note("bert", [f"{number}.json"], 4, [20, 1], {"device": "cpu"}))
        os.utime(entry.note, (0, NOW - 1 - number))
        made.append(entry)
    return made


def keys(entries):
    return [entry.files.key[0] for entry in entries]


def test_contents(three, tmp_path):
    found = contents(tmp_path)
    assert keys(found) == ["0", "1", "2"]
    assert {entry.size for entry in found} == {SIZE}
    assert found[1].used == NOW - 2
    assert found[1].note.data == ["1.json"]
    assert not contents(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("asked", "deleted"),
    [
        ({"max_age": 2.5}, ["2"]),
        ({"max_age": 0}, ["2", "1", "0"]),
        ({"max_age": 9}, []),
        ({"max_size": 2 * SIZE}, ["2"]),
        ({"max_size": SIZE - 1}, ["2", "1", "0"]),
        ({"max_size": 3 * SIZE, "max_age": 1.5}, ["2", "1"]),
        ({"everything": True}, ["2", "1", "0"]),
    ],
)
def test_prune(three, tmp_path, asked, deleted):
    (tmp_path / "mine.npy").write_text("keep this")
    assert keys(prune(tmp_path, NOW, **asked).deleted) == deleted
    left = {path.name[0] for path in tmp_path.iterdir()}
    assert left == {"m", "0", "1", "2"} - set(deleted)
    assert not list(tmp_path.glob("*.lock"))


def test_what_is_read_is_left_alone(three, tmp_path):
    table = open_table(three[0].table, (20, 1))
    assert [is_in_use(entry) for entry in contents(tmp_path)] == [True, False, False]
    pruned = prune(tmp_path, NOW, everything=True)
    assert (keys(pruned.deleted), keys(pruned.in_use)) == (["2", "1"], ["0"])
    assert three[0].note.exists()
    del table
    assert keys(prune(tmp_path, NOW, everything=True).deleted) == ["0"]
    assert not list(tmp_path.iterdir())


def test_what_is_computed_is_left_alone(tmp_path):
    entry = EntryFiles(tmp_path, "7" * 64)
    with alone_with(entry.lock):
        unfinished = tmp_path / f".unfinished_{entry.table.name}"
        unfinished.write_text("")
        assert keys(prune(tmp_path, NOW, everything=True).in_use) == ["7"]
        assert unfinished.exists()
    assert keys(prune(tmp_path, NOW, max_age=1e12).deleted) == ["7"]  # by now it is what a crash left
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "{}", '{"model": 3}', None])
def test_without_a_note_the_table_says_when(three, tmp_path, text):
    for entry in three:
        entry.note.unlink() if text is None else entry.note.write_text(text)
        os.utime(entry.table, (0, NOW - 5))
    found = contents(tmp_path)
    assert all(entry.note is None for entry in found)
    assert text is not None or all(entry.used == NOW - 5 for entry in found)
