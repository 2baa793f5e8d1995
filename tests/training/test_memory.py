import platform
import subprocess
import sys

import pytest

# A block of 31 MiB is freed, so glibc cuts those below from its heap from then on; small blocks that stay in
# between keep the heap from shrinking.
FRAY = """
import ctypes, sys
from pathlib import Path
if {flat}:
    from causal_mtl.training.memory import keep_flat
    keep_flat()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

def resident():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024

def used(size):
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    return block

libc.free(used(31 << 20))
before = resident()
large = []
for _ in range(20):
    large.append(used(5 << 20))
    used(1000)
for block in large:
    libc.free(block)
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_freed_tensors_go_back_to_the_system(monkeypatch):
    for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)

    def left(flat):
        run = subprocess.run(
            [sys.executable, "-c", FRAY.format(flat=flat)], capture_output=True, text=True, check=True
        )
        return int(run.stdout)

    assert left(flat=False) > 80  # MiB, of 100: what is to be prevented
    assert left(flat=True) < 20


def test_the_environment_decides(monkeypatch):
    from causal_mtl.training import memory

    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "7")
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=4194304")
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: pytest.fail("the allocator was set"))
    memory.keep_flat()
    assert memory.os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "7"
