"""Keeps the memory of a training flat on a processor."""

from __future__ import annotations

import ctypes
import os
import platform

_STEPS_BETWEEN_RELEASES = 10

_MEBIBYTE = 1 << 20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Names of glibc's `malloc.h`."""
_OWN_SETTINGS = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


def keep_flat() -> None:
    """Call before the first step, once or more often; for the whole process.

    Two things grow with the number of different shapes of batches. oneDNN keeps what it prepares for each, up to
    1,024 of them: here 8, which made no step slower. And glibc, which learns from freed blocks to cut ever larger
    ones from its heap, leaves holes in it that no later batch fits: here tensors of 1 MiB and more are handed back
    to the system at once. Where the environment sets either, or the C library is another, it is left alone.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "8")
    if (libc := _glibc()) is not None:
        libc.mallopt(_M_MMAP_THRESHOLD, _MEBIBYTE)
        libc.mallopt(_M_TRIM_THRESHOLD, 16 * _MEBIBYTE)


def release_now_and_then(step: int) -> None:
    """Every tenth step: hand what is free inside of glibc's heap back to the system.

    It costs about a tenth of a step of `pmei`.
    """
    if step % _STEPS_BETWEEN_RELEASES == 0 and (libc := _glibc()) is not None:
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """The C library, if it is glibc and the environment does not set its allocator."""
    if platform.libc_ver()[0] != "glibc" or any(name in os.environ for name in _OWN_SETTINGS):
        return None
    return ctypes.CDLL(None)
