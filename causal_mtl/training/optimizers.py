"""torch's optimizers under their usual names; their parameters are those of torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from causal_mtl.common import Lazy, Registrable
from causal_mtl.training.parameter_groups import (
    LR_FACTOR,
    ParameterGroup,
    check_options,
    freeze,
    optimizer_groups,
)


class Optimizer(Registrable):
    """What a config names as ``optimizer``; a plugin registers any subclass of `torch.optim.Optimizer`."""

    default_implementation = "adam"


for _name, _class in {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "adamax": torch.optim.Adamax,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "rmsprop": torch.optim.RMSprop,
}.items():
    Optimizer.register(_name)(_class)


def make_optimizer(
    model: nn.Module, optimizer: Lazy[Optimizer], groups: list[ParameterGroup]
) -> torch.optim.Optimizer:
    """Freeze what `groups` say, then build the optimizer over the rest.

    Raises:
        ConfigurationError: a group's regular expression matches nothing, or its options are not the
            optimizer's.
    """
    freeze(model, groups)
    made: Any = optimizer.construct(params=optimizer_groups(model, groups))
    check_options(made.param_groups, set(made.defaults))
    for group in made.param_groups:
        group["lr"] *= group.get(LR_FACTOR, 1)
    if type(made) in (torch.optim.Adam, torch.optim.AdamW):
        _fuse(made)
    return made


def _fuse(adam: torch.optim.Optimizer) -> None:
    """Update each tensor of a CPU in one pass, unless the config chooses how.

    torch's default there makes a pass for every term of the update: six times slower over a transformer's weights.
    """
    for group in adam.param_groups:
        chosen = group["fused"] is not None or group["foreach"] is not None or group["differentiable"]
        if not chosen and all(parameter.is_cpu for parameter in group["params"]):
            group["fused"] = True
