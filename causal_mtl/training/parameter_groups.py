"""A learning rate (or weight decay, or none at all) per part of the model, by regular expressions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from torch import nn

from causal_mtl.common import (
    ConfigurationError,
    ConfigurationErrors,
    Construct,
    FromParams,
    PositiveInt,
    Problem,
    Range,
)
from causal_mtl.common.text import join
from causal_mtl.training.group_warmup import STEPS
from causal_mtl.training.layer_decay import decay_factors

PATH = "trainer.parameter_groups"
"""Where a config says them."""

LR_FACTOR = "lr_factor"
"""In the dict of an optimizer's group: what its learning rate is multiplied by."""


class ParameterGroup(FromParams):
    r"""Options for the parameters whose name matches one of `regexes`.

    Args:
        regexes: searched anywhere in a parameter's name (``re.search``), such as "embedder", "bias$" or
            "^encoder\.".
        options: what the optimizer takes per group (lr, weight_decay, betas …), or ``requires_grad: false``
            to freeze.
        layer_decay: of a stack of layers (a transformer): the highest layer has the group's rate, each lower one
            so many times that of the layer above it, the embeddings come last. Such as 0.9.
        num_warmup_steps: in its first steps the group's rate grows linearly to what it would be else.
    """

    def __init__(
        self,
        regexes: list[str],
        layer_decay: Annotated[float, Range(gt=0, le=1)] | None = None,
        num_warmup_steps: PositiveInt | None = None,
        **options: Any,
    ) -> None:
        own = {"layer_decay": layer_decay, STEPS: num_warmup_steps}
        given = {key: value for key, value in own.items() if value is not None}
        for problem in (*_regex_problems(regexes), *_freezing_problems({**options, **given})):
            raise ConfigurationError(": ".join(problem))
        self.layer_decay = layer_decay
        self.patterns = [re.compile(regex) for regex in regexes]
        self.requires_grad = options.pop("requires_grad", True)
        self.options = options | ({STEPS: num_warmup_steps} if num_warmup_steps else {})

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """What is no regular expression, and options of a group that is frozen."""
        for key, message in (*_regex_problems(config.get("regexes")), *_freezing_problems(config.value)):
            yield config.problem(key, message)


def _regex_problems(regexes: list[str]) -> Iterator[tuple[str, str]]:
    if not regexes:
        yield "regexes", "a parameter group needs at least one regular expression"
    for regex in regexes:
        try:
            re.compile(regex)
        except (re.error, RecursionError, OverflowError) as error:
            yield "regexes", f'"{regex}" is not a regular expression: {error}'


def _freezing_problems(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kept = options.get("requires_grad", True)
    if not isinstance(kept, bool):
        yield "requires_grad", f"is true or false, not {kept!r}"
    elif not kept:
        for key in options.keys() - {"regexes", "requires_grad"}:
            yield key, "a frozen group (requires_grad: false) takes no other options"


def freeze(model: nn.Module, groups: list[ParameterGroup]) -> None:
    """Turn off the gradient of every parameter whose first matching group says ``requires_grad: false``."""
    for name, group in _assign(model, groups).items():
        if group is not None and not group.requires_grad:
            model.get_parameter(name).requires_grad_(False)


def optimizer_groups(model: nn.Module, groups: list[ParameterGroup]) -> list[dict[str, Any]]:
    """The trainable parameters as an optimizer takes them: one dict a group, those of no group last.

    A parameter belongs to the first group that matches it. A group with `layer_decay` is a dict a layer, each with
    the factor of its rate as "lr_factor".

    Raises:
        ConfigurationError: a regular expression matches no parameter, a group gets none, or nothing is left to
            train; or a group with `layer_decay` has no layers.
    """
    assigned = _assign(model, groups)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    result = []
    for number, group in enumerate([*groups, None]):
        names = [name for name in trained if assigned[name] is group]
        if group is not None and group.requires_grad and not names:
            raise ConfigurationErrors(
                [Problem(f"{PATH}[{number}]", "all of its parameters are frozen already")]
            )
        options = group.options if group else {}
        for factor, part in _layers(names, group, number).items():
            scaled = {LR_FACTOR: factor} if factor != 1 else {}
            result.append({"params": [trained[name] for name in part], **options, **scaled})
    if not result:
        raise ConfigurationError("the model has no parameter to train: all are frozen")
    return result


def _layers(names: list[str], group: ParameterGroup | None, number: int) -> dict[float, list[str]]:
    """The parameters of a group by the factor of their rate."""
    if not names or group is None or group.layer_decay is None:
        return {1.0: names} if names else {}
    try:
        return decay_factors(names, group.layer_decay)
    except ConfigurationError as error:
        raise ConfigurationErrors([Problem(f"{PATH}[{number}]", str(error))]) from None


def check_options(groups: list[dict[str, Any]], allowed: set[str]) -> None:
    """Raise a `ConfigurationError` for an option that the optimizer does not know (torch would ignore it)."""
    for group in groups:
        for option in sorted(set(group) - allowed - {"params", LR_FACTOR, STEPS}):
            near = difflib.get_close_matches(option, allowed, n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise ConfigurationError(
                f'parameter_groups: the optimizer has no option "{option}" per group.{hint} '
                f"It has: {', '.join(sorted(allowed))}, requires_grad, layer_decay, {STEPS}"
            )


def _assign(model: nn.Module, groups: list[ParameterGroup]) -> dict[str, ParameterGroup | None]:
    """The first matching group of each parameter, by name; every regular expression must match somewhere."""
    names = [name for name, _ in model.named_parameters()]
    problems = [
        Problem(join(f"{PATH}[{number}].regexes", position), _nothing_matches(pattern.pattern, names))
        for number, group in enumerate(groups)
        for position, pattern in enumerate(group.patterns)
        if not any(pattern.search(name) for name in names)
    ]
    if problems:
        raise ConfigurationErrors(problems)
    assigned = {
        name: next((g for g in groups if any(p.search(name) for p in g.patterns)), None) for name in names
    }
    taken = "gets no parameter, as earlier groups match all that it matches: put it before them"
    problems = [
        Problem(f"{PATH}[{number}]", taken)
        for number, group in enumerate(groups)
        if not any(of is group for of in assigned.values())
    ]
    if problems:
        raise ConfigurationErrors(problems)
    return assigned


def _nothing_matches(regex: str, names: list[str]) -> str:
    plain = re.sub(r"[\\^$*+?()\[\]{}|]", "", regex)
    # A regex is usually a part of a name: compare with every dotted prefix and piece, not only with whole
    # names.
    pieces = {".".join(parts[i:j]): name for name in reversed(names) for parts in [name.split(".")]
              for i in range(len(parts)) for j in range(i + 1, len(parts) + 1)}  # fmt: skip
    near = [pieces[piece] for piece in difflib.get_close_matches(plain, pieces, n=5, cutoff=0.5)]
    shown = list(dict.fromkeys(near)) or names[:20]
    more = f" … ({len(names)} in all)" if len(names) > len(shown) else ""
    kind = "Near names" if near else "The parameters are"
    return f'"{regex}" matches no parameter. {kind}: {", ".join(shown)}{more}'
