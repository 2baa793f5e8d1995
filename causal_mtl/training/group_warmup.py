"""A warm-up of one parameter group, whatever the learning rate scheduler does."""

from __future__ import annotations

from typing import Any

import torch

STEPS, DONE = "num_warmup_steps", "warmup_steps_done"
"""Keys of a parameter group; the optimizer's state holds them, so a recovered training goes on where it was."""


def warm_up(optimizer: torch.optim.Optimizer) -> None:
    """From now on multiply the rate of a group with `num_warmup_steps` n by 1/n, 2/n, … in its first steps."""
    if any(STEPS in group for group in optimizer.param_groups):
        optimizer.register_step_pre_hook(_lower)
        optimizer.register_step_post_hook(_restore)


def _lower(optimizer: Any, *_: Any) -> None:
    for group in optimizer.param_groups:
        if group.get(DONE, 0) < group.get(STEPS, 0):
            group["scheduled_lr"] = group["lr"]
            group["lr"] = group["lr"] * (group.get(DONE, 0) + 1) / group[STEPS]


def _restore(optimizer: Any, *_: Any) -> None:
    for group in optimizer.param_groups:
        if "scheduled_lr" in group:
            group["lr"] = group.pop("scheduled_lr")
            group[DONE] = group.get(DONE, 0) + 1
