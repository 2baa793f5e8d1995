"""Check a configuration against annotations, all of it, before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from causal_mtl.common.errors import ConfigurationErrors
from causal_mtl.common.params import Params
from causal_mtl.common.plan import Plan
from causal_mtl.common.resolver import Resolver


def resolve(
    annotation: Any, value: Any, *, path: str = "", extras: Iterable[str] = (), own_checks: bool = False
) -> Plan:
    """Check `value` against `annotation` and return what to build.

    Args:
        annotation: a class or any type annotation.
        value: plain data or `Params`; never changed.
        path: the key path of `value`, for messages.
        extras: the names of arguments that `Plan.build` will be given; parameters so named may be missing.
        own_checks: ask classes for what no annotation says (`FromParams.config_problems`), such as settings
            without effect. For a config that somebody writes now; one of a trained model is taken as it is.

    Raises:
        ConfigurationError: listing every problem with its key path.
    """
    return _checked(lambda resolver: resolver.resolve(annotation, value, path), frozenset(extras), own_checks)


def construct_from_params(cls: Any, /, *args: Any, **extras: Any) -> Any:
    """Make an object of this class (or of the registered implementation that the config names).

    Args:
        cls: the class.
        *args: ``params``, which can be given by that name too: `Params`, a dictionary, or a string, which
            stands for ``{"type": string}``; not consumed.
        **extras: arguments by name for this constructor and those of nested objects; `params` win over them.

    Raises:
        ConfigurationError: listing every problem with its key path.
    """
    # Not a parameter of its own: an extra may be called "params", as what optimizers are made of is.
    (params,) = args or (extras.pop("params"),)
    path = params.history.removesuffix(".") if isinstance(params, Params) else ""
    value = params.params if isinstance(params, Params) else params
    # A class's own from_params that calls this one wants the standard way now.
    plan = _checked(lambda r: r.instance(cls, value, path, own_way=False), frozenset(extras))
    return plan.build(**extras)


def _checked(run: Callable[[Resolver], Plan], extras: frozenset[str], own_checks: bool = False) -> Plan:
    resolver = Resolver(extras, standard=construct_from_params, own_checks=own_checks)
    plan = run(resolver)
    if resolver.problems:
        raise ConfigurationErrors(resolver.problems)
    return plan
