import errno
import os
import resource

import numpy as np
import pytest

from causal_mtl.training.frozen_cache import table as module
from causal_mtl.training.frozen_cache.table import DamagedTableError, open_table, write_table

ROWS = np.arange(60, dtype=np.float16).reshape(10, 2, 3)


@pytest.fixture
def path(tmp_path):
    write_table(tmp_path / "table.npy", (10, 2, 3), [ROWS[:4], ROWS[4:]])
    return tmp_path / "table.npy"


def test_what_is_written_is_read(path):
    assert np.array_equal(open_table(path, (10, 2, 3)).rows, ROWS)


def test_numpy_reads_it_too_without_a_copy(path):
    rows = np.load(path, mmap_mode="r")
    assert np.array_equal(rows, ROWS)
    assert isinstance(rows, np.memmap)
    assert isinstance(open_table(path, (10, 2, 3)).rows.base, np.memmap)


@pytest.mark.parametrize("place", [3, 100, 180, -1])
def test_a_changed_byte_is_noticed(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 16
    path.write_bytes(content)
    with pytest.raises(DamagedTableError, match=r"checksum|other features"):
        open_table(path, (10, 2, 3))


@pytest.mark.parametrize("size", [0, 50, 200, 251])
def test_a_truncated_file_is_noticed(path, size):
    os.truncate(path, size)
    with pytest.raises(DamagedTableError, match=rf"it has {size} bytes instead of 252"):
        open_table(path, (10, 2, 3))


def test_another_shape_of_the_same_size_is_noticed(path):
    with pytest.raises(DamagedTableError, match="other features"):
        open_table(path, (10, 3, 2))


def test_the_checksum_is_compared_once_per_process(path, monkeypatch):
    open_table(path, (10, 2, 3))
    monkeypatch.setattr(module.zlib, "crc32", lambda *args: pytest.fail("read again"))
    open_table(path, (10, 2, 3))


def test_a_missing_one_is_not_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_table(tmp_path / "table.npy", (10, 2, 3))


def test_rows_that_do_not_add_up_leave_nothing(tmp_path):
    with pytest.raises(ValueError, match="bytes instead of"):
        write_table(tmp_path / "table.npy", (11, 2, 3), [ROWS])
    assert not list(tmp_path.iterdir())


def test_what_does_not_fit_the_disk_is_refused_before_the_work(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))
    try:
        with pytest.raises(OSError, match=r"table\.npy") as raised:
            write_table(tmp_path / "table.npy", (10, 2, 3), iter([lambda: pytest.fail("asked for")]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert raised.value.errno == errno.EFBIG
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.delattr(module.os, "posix_fallocate")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))
    try:
        with pytest.raises(OSError, match=r"table\.npy"):
            write_table(tmp_path / "table.npy", (10, 2, 3), [ROWS])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())
