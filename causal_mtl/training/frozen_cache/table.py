"""A table of features on disk: a ``.npy`` file in half precision, with a checksum behind it."""

from __future__ import annotations

import fcntl
import io
import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from causal_mtl.common.atomic import complete_file, naming

_DTYPE = np.dtype("<f2")
_CHECKSUM_BYTES = 4
_BLOCK = 2**22

_checked: set[tuple[int, ...]] = set()
"""Files whose checksum this process has compared."""


class DamagedTableError(Exception):
    """A table is not what was written; the message says what is wrong."""


@dataclass(frozen=True)
class Table:
    """A table that is open; as long as it is, `causal-mtl cache prune` leaves its file alone.

    Attributes:
        rows: ``(tokens, *shape)``, read from the disk as they are used.
        file: open, with a shared lock.
    """

    rows: np.ndarray
    file: BinaryIO


def write_table(path: Path, shape: tuple[int, ...], blocks: Iterable[np.ndarray]) -> None:
    """Write a table; it is complete or not there.

    Args:
        path: of the file.
        shape: of the whole table.
        blocks: its rows, in their order, in half precision.

    Raises:
        OSError: it does not fit the disk (known before the first block is asked for, where the file system can
            reserve space), or cannot be written.
    """
    with complete_file(path) as unfinished, unfinished.open("wb") as file:
        _reserve(file, _size(shape))
        checksum = _written(file, _header(shape), 0)
        for block in blocks:
            checksum = _written(file, np.ascontiguousarray(block, dtype=_DTYPE).data, checksum)
        file.write(checksum.to_bytes(_CHECKSUM_BYTES, "little"))
        file.flush()
        if file.tell() != _size(shape):
            raise ValueError(f"{path}: {file.tell():,} bytes instead of {_size(shape):,}")


def open_table(path: Path, shape: tuple[int, ...]) -> Table:
    """Open a table.

    Its checksum is compared once per process.

    Raises:
        FileNotFoundError: it is not there.
        DamagedTableError: it is not complete, or not as it was written.
        OSError: it cannot be read.
    """
    file = path.open("rb")
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_SH)
        with naming(path):
            _check(file, shape)
        rows = np.memmap(file, dtype=_DTYPE, mode="r", offset=len(_header(shape)), shape=shape)
    except BaseException:
        file.close()
        raise
    return Table(np.asarray(rows), file)


def _check(file: BinaryIO, shape: tuple[int, ...]) -> None:
    found = os.fstat(file.fileno())
    if found.st_size != _size(shape):
        raise DamagedTableError(f"it has {found.st_size:,} bytes instead of {_size(shape):,}")
    version = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    if version in _checked:
        return
    if file.read(len(_header(shape))) != _header(shape):
        raise DamagedTableError("it is of other features")
    checksum, left = zlib.crc32(_header(shape)), found.st_size - len(_header(shape)) - _CHECKSUM_BYTES
    while left:
        part = file.read(min(left, _BLOCK))
        if not part:
            raise DamagedTableError("it ends early")
        checksum, left = zlib.crc32(part, checksum), left - len(part)
    if file.read(_CHECKSUM_BYTES) != checksum.to_bytes(_CHECKSUM_BYTES, "little"):
        raise DamagedTableError("its checksum does not match")
    _checked.add(version)


def _written(file: BinaryIO, part: bytes | memoryview, checksum: int) -> int:
    file.write(part)
    return zlib.crc32(part, checksum)


def _reserve(file: BinaryIO, size: int) -> None:
    """Refuse at once what does not fit the disk, not after the work."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)


def _size(shape: tuple[int, ...]) -> int:
    return len(_header(shape)) + int(np.prod(shape)) * _DTYPE.itemsize + _CHECKSUM_BYTES


def _header(shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": _DTYPE.str, "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()
