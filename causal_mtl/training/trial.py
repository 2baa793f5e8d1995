"""Try an optimizer and a scheduler on a few numbers: what torch would refuse is said before any data is read."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from causal_mtl.common import ConfigurationErrors, Problem, resolve
from causal_mtl.common.text import join
from causal_mtl.training.lr_schedulers import LRScheduler
from causal_mtl.training.optimizers import Optimizer
from causal_mtl.training.parameter_groups import PATH as GROUPS

OPTIMIZER, SCHEDULER = "trainer.optimizer", "trainer.lr_scheduler"
_STEPS = 20
"""Of the training that is tried."""

Settings = dict[str, Any]


_OWN = ("regexes", "layer_decay", "num_warmup_steps")
"""What a parameter group takes that is no option of an optimizer."""


def trial_problems(trainer: Mapping[str, Any]) -> Iterator[Problem]:
    """What optimizer, parameter groups and scheduler of a config refuse, with the keys that are to blame.

    Args:
        trainer: that part of the config. What does not resolve in it is left out: it is reported elsewhere.
    """
    optimizer = _resolved(Optimizer, trainer.get("optimizer", {}), OPTIMIZER, "params")
    if optimizer is None:
        return
    device = _device(trainer.get("device"))
    found = list(_blamed(lambda parts: _failure(parts[OPTIMIZER], device), {OPTIMIZER: optimizer}))
    yield from found
    for number, group in enumerate(_list(trainer.get("parameter_groups"))):
        yield from _group_problems(join(GROUPS, number), group, {} if found else optimizer, device)
    wanted = ("optimizer", "num_training_steps", "num_epochs")
    scheduler = _resolved(LRScheduler, trainer.get("lr_scheduler"), SCHEDULER, *wanted)
    if scheduler is not None and not found:
        groups = sum(_is_trained(group) for group in _list(trainer.get("parameter_groups")))
        yield from _blamed(
            # Whether there are parameters that no group matches is not known yet.
            lambda parts: (
                _failure(parts[OPTIMIZER], device, parts[SCHEDULER], groups + 1)
                and _failure(parts[OPTIMIZER], device, parts[SCHEDULER], max(1, groups))
            ),
            {OPTIMIZER: optimizer, SCHEDULER: scheduler},
        )


def _group_problems(path: str, group: Any, optimizer: Settings, device: str) -> Iterator[Problem]:
    """What is wrong with a group's options: they must be such as the optimizer would take for all parameters."""
    options = {k: v for k, v in group.items() if k not in _OWN} if isinstance(group, dict) else {}
    if options.pop("requires_grad", True) is not True:
        return
    for key in options.keys() & {"params", "type"}:
        del options[key]
        yield Problem(join(path, key), "unknown option of a parameter group")
    try:
        resolve(Optimizer, {**optimizer, **options}, path=path, extras=("params",))
    except ConfigurationErrors as error:
        yield from error.problems
        return
    yield from _blamed(lambda parts: _failure({**optimizer, **parts[path]}, device), {path: options})


def _resolved(base: Any, value: Any, path: str, *extras: str) -> Settings | None:
    """The settings of a component as a dictionary; None if there is none, or it does not resolve."""
    if value is None or not isinstance(value, str | dict):
        return None
    settings = {"type": value} if isinstance(value, str) else value
    try:
        resolve(base, settings, path=path, extras=extras)
    except ConfigurationErrors:
        return None
    return settings


def _failure(
    optimizer: Settings, device: str, scheduler: Settings | None = None, groups: int = 1
) -> str | None:
    """What is said when an optimizer with so many groups (and a scheduler) is made and makes a few steps."""
    parameters = [nn.Parameter(torch.zeros(2, 2, device=device)) for _ in range(groups)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plan = resolve(Optimizer, optimizer, extras=("params",))
            made: Any = plan.build(params=[{"params": [p]} for p in parameters])
            _step(made, parameters)
            if scheduler is not None:
                given = {"optimizer": made, "num_training_steps": _STEPS, "num_epochs": _STEPS}
                rates: LRScheduler = resolve(LRScheduler, scheduler, extras=given).build(**given)
                for _ in range(_STEPS):
                    rates.after_step()
                    rates.after_epoch(0.0)
    except Exception as error:  # torch raises many kinds, and so may a plugin
        return " ".join(str(error).split()) or type(error).__name__
    return None


def _step(optimizer: Any, parameters: list[nn.Parameter]) -> None:
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()


def _blamed(
    failure: Callable[[dict[str, Settings]], str | None], parts: dict[str, Settings]
) -> Iterator[Problem]:
    """A problem for each key without which nothing fails.

    If that is none of them, each key that fails when it is the only one (unless others are required); if that is
    none either, the last part.

    Args:
        failure: says what is wrong with the parts.
        parts: settings by their path in the config.
    """
    message = failure(parts)
    if message is None:
        return
    keys = [(path, key) for path, settings in parts.items() for key in settings if key != "type"]
    guilty = {place: message for place in keys if failure(_changed(parts, place, keep=False)) is None}
    if not guilty and failure({path: _only_type(settings) for path, settings in parts.items()}) is None:
        alone = {place: failure(_changed(parts, place, keep=True)) for place in keys}
        guilty = {place: said for place, said in alone.items() if said}
    for (path, key), said in guilty.items():
        yield Problem(join(path, key), said)
    if not guilty:
        yield Problem(list(parts)[-1], message)


def _changed(parts: dict[str, Settings], place: tuple[str, str], keep: bool) -> dict[str, Settings]:
    """The parts without one key, or (`keep`) with that key only in its part."""
    path, only = place
    settings = {k: v for k, v in parts[path].items() if k == "type" or (k == only) == keep}
    return {**parts, path: settings}


def _only_type(settings: Settings) -> Settings:
    return {key: value for key, value in settings.items() if key == "type"}


def _is_trained(group: Any) -> bool:
    return not isinstance(group, dict) or group.get("requires_grad", True) is not False


def _device(name: Any) -> str:
    return "cuda" if name != "cpu" and torch.cuda.is_available() else "cpu"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
