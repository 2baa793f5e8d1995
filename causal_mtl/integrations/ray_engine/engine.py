"""From files to predictions by Ray Data."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.integrations.ray_engine.attempts import Attempts
from causal_mtl.integrations.ray_engine.session import import_ray
from causal_mtl.integrations.ray_engine.worker import Settings, Worker, read


@dataclass(frozen=True)
class Job:
    """What is predicted.

    Attributes:
        files: in their order.
        settings: of the workers.
        workers: how many there are.
        window_size: records of one window; `Predictor.window_size` gives what the plain engine gives.
    """

    files: Sequence[Path]
    settings: Settings
    workers: int
    window_size: int


@dataclass(frozen=True)
class Part:
    """The predictions of one window: its lines, and how many of them are error records."""

    lines: list[bytes]
    skipped: int


def predict(job: Job) -> Iterator[Part]:
    """Predict files with a running Ray, window after window in the order of the input.

    Raises:
        ConfigurationError: a record that cannot be predicted, a file that cannot be read, or an archive that a
            worker cannot load, after what comes before it; or workers that died again and again.
    """
    ray = import_ray()
    # Ray Data starts a worker that died again, and its windows too, without end: who counts them ends that.
    attempts = ray.remote(num_cpus=0)(Attempts).remote()
    try:
        for batch in _dataset(ray, job, attempts).iter_batches(batch_size=None, batch_format="pyarrow"):
            for row in batch.to_pylist():
                yield Part(row["lines"], row["skipped"])
                if row["error"]:
                    raise ConfigurationError(row["error"])
    except ray.exceptions.RayTaskError:  # a programming error, ours or a plugin's: its traceback is wanted
        raise
    except ray.exceptions.RayError as error:
        raise ConfigurationError(f"ray: {_line(error)}") from error


def _dataset(ray: Any, job: Job, attempts: Any) -> Any:
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    context.target_max_block_size = 1  # a window is a row is a block: none waits for another
    files = ray.data.from_items([{"file": str(path)} for path in job.files])
    # Reading is little work for one process, and asks for no CPU: the workers may have taken them all.
    pieces = files.map_batches(
        read,
        fn_kwargs={"size": job.window_size},
        batch_size=1,
        batch_format="pyarrow",
        num_cpus=0,
        concurrency=1,
    )
    return pieces.map_batches(
        Worker,
        fn_constructor_args=(job.settings, attempts),
        batch_size=1,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=job.workers),
        num_cpus=1,
        num_gpus=1 if job.settings.loading.get("device") == "cuda" else 0,
    )


def _line(error: Exception) -> str:
    """What ray says first, and last, where the cause is."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[0] if len(lines) == 1 else f"{lines[0]} … {lines[-1].strip()}"
