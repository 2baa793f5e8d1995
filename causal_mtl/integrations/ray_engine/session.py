"""Ray's start and end."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from causal_mtl.common import ConfigurationError

OBJECT_STORE_BYTES = 128 * 2**20
"""Shared memory of a local Ray: windows on their way; what does not fit it writes to disk."""


def import_ray() -> Any:
    """The module ``ray``, with its data library.

    Raises:
        ConfigurationError: it is not installed; the message names the extra that has it.
    """
    # Unless somebody has decided otherwise nothing is reported to anybody, and the workers of a local Ray have the
    # priority of this process, not a much lower one, with which they would starve beside other work.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")
    try:
        import pyarrow
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigurationError(
            f"--engine ray needs packages that are not installed: pip install 'causal-mtl[ray]' ({error})"
        ) from None
    del pyarrow
    return ray


@contextmanager
def session(workers: int, device: str = "cpu") -> Iterator[None]:
    """A running Ray: the one that this process has, the cluster that ``RAY_ADDRESS`` names, or a local one.

    A local one has as many CPUs as there are workers, no dashboard, and ends with the block.

    Args:
        workers: how many will ask for a CPU, and for a GPU if `device` is "cuda".
        device: "cpu" or "cuda".

    Raises:
        ConfigurationError: ray is not installed, the cluster cannot be reached, or this machine has fewer GPUs.
    """
    ray = import_ray()
    if ray.is_initialized():
        yield
        return
    address = os.environ.get("RAY_ADDRESS", "local")
    local = {"num_cpus": workers, "object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
    try:
        ray.init(
            address,
            log_to_driver=False,  # workers' warnings are those that this process has given already
            logging_level=logging.ERROR,
            **(local if address == "local" else {}),
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ConfigurationError(f"ray ({address}) does not start: {str(error).splitlines()[0]}") from None
    try:
        if device == "cuda" and address == "local":
            _check_gpus(workers, ray.cluster_resources().get("GPU", 0))
        yield
    finally:
        ray.shutdown()


def _check_gpus(workers: int, gpus: float) -> None:
    if workers > gpus:
        raise ConfigurationError(
            f"--workers {workers} with --device cuda needs as many GPUs; this machine has {int(gpus)}"
        )
