"""Writing safetensors; a full disk is an `OSError` that names the file, as it is everywhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file, save_model
from torch import Tensor, nn


def save_weights(model: nn.Module, path: Path) -> None:
    """Write parameters and buffers of `model`; what it shares is written once.

    Raises:
        OSError: the file cannot be written.
    """
    with _disk_errors(path):
        save_model(model, str(path))


def save_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write `tensors` by name.

    Raises:
        OSError: the file cannot be written.
    """
    with _disk_errors(path):
        save_file(dict(tensors), path)


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except SafetensorError as error:
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        code = int(number.group(1))
        raise OSError(code, os.strerror(code), str(path)) from error
