"""A module that is never trained, outside of the model's weights."""

from __future__ import annotations

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

    def __deepcopy__(self, memo: dict[int, Any]) -> Frozen:
        return self

    def remembered(self, inputs: tuple[Tensor, ...], run: Callable[[], Tensor]) -> Tensor:
        """What `run` returns, without gradient; for the tensors of the last call it is not run again.

        (With an embedder for each task, all of them read the same batch.)
        """
        key = (*inputs, torch.is_inference_mode_enabled(), torch.is_autocast_enabled(inputs[0].device.type))
        if self._last is None or not all(a is b for a, b in zip(key, self._last[0], strict=True)):
            with torch.no_grad():
                self._last = key, run()
        return self._last[1]
