"""A module that is never trained, outside of the model's weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class Frozen:
    """Holds a module in evaluation mode; copies of what has it share it.

    Attributes:
        module: not to be trained.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module.eval()
        self._last: tuple[tuple[Any, ...], Tensor] | None = None
        self._hash: str | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Frozen:
        return self

    def remembered(self, inputs: tuple[Tensor, ...], run: Callable[[], Tensor]) -> Tensor:
        """What `run` returns, without gradient; for the tensors of the last call it is not run again.

        (With an embedder for each task, all of them read the same batch.)
        """
        key = (*inputs, torch.is_inference_mode_enabled(), torch.is_autocast_enabled(inputs[0].device.type))
        last = self._last  # read once: another thread may set it meanwhile
        if last is None or not all(a is b for a, b in zip(key, last[0], strict=True)):
            with torch.no_grad():
                last = key, run()
            self._last = last
        return last[1]

    def forget(self) -> None:
        """Free the memory of what is remembered."""
        self._last = None

    def weights_hash(self) -> str:
        """The SHA-256 of all weights with their names, types and shapes; computed once."""
        if self._hash is None:
            digest = hashlib.sha256()
            for name, value in sorted(self.module.state_dict().items()):
                digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
                digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
            self._hash = digest.hexdigest()
        return self._hash
