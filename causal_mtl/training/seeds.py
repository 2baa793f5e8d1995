"""All random generators in one place: seeded together, saved together, restored together."""

from __future__ import annotations

import os
import random
from typing import Any

import numpy
import torch


def seed_everything(seed: int, deterministic: bool = False) -> None:
    """Seed python, numpy and torch (CPU and every CUDA device).

    Args:
        seed: any integer of at least 0; numpy sees it modulo 2**32.
        deterministic: also ask torch for deterministic kernels (slower on CUDA; an operation that has none
            raises).
    """
    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    if deterministic:
        # cuBLAS reads this when its first handle is made; without it torch refuses deterministic matrix
        # products.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(deterministic)


def random_state() -> dict[str, Any]:
    """The state of every generator, as plain values and CPU tensors."""
    algorithm, keys, position, has_gauss, cached = numpy.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (algorithm, list(map(int, keys)), position, has_gauss, cached),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put every generator back to what `random_state` returned."""
    random.setstate(state["python"])
    numpy.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    if state["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
