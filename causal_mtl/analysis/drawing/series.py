"""Runs that differ in one value of their configs: the points of a line."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from os.path import commonprefix
from typing import Any, TypeGuard

from causal_mtl.analysis.run import FinishedRun
from causal_mtl.analysis.settings import content, files_read
from causal_mtl.common import ConfigurationError
from causal_mtl.common.differences import differences, flat
from causal_mtl.common.text import split, suggestion

Series = dict[float, list[FinishedRun]]
"""Of one configuration: runs by the value of a key, ascending."""


def series(
    runs: Sequence[FinishedRun], key: str, along: Collection[str] = (), default: float | None = None
) -> dict[str, Series]:
    """One series for all runs that agree in everything but `key`, `along` and the seed, data included.

    A series is called by what the labels of its runs have in common: ``pmei`` where they are ``pmei,beta=0.1`` and
    ``pmei,beta=0.01``.

    Args:
        runs: finished.
        key: of a number in their configs, such as "model.beta" or "model.tasks.1.weight".
        along: keys whose values change along the line too, such as "trainer.num_epochs".
        default: the value of `key` where a config leaves it out. None: no config may.

    Raises:
        ConfigurationError: a config has no number there, two series would have the same name (the message names
            the keys that differ), or there are two runs of one config and seed.
    """
    found: dict[str, list[tuple[float, FinishedRun]]] = {}
    for run in runs:
        value, rest = _taken_out(run, key, along, default)
        found.setdefault(json.dumps(rest, sort_keys=True), []).append((value, run))
    named: dict[str, Series] = {}
    made_by: dict[str, str] = {}
    for config, points in found.items():
        name = _name([run.label for _, run in points], key)
        if name in named:
            listed = _listed(json.loads(made_by[name]), json.loads(config))
            raise ConfigurationError(f"{name}: runs differ in more than {key} and the seed:{listed}")
        made_by[name] = config
        named[name] = _by_value(points)
    return named


def _taken_out(
    run: FinishedRun, key: str, along: Collection[str], default: float | None
) -> tuple[float, dict[str, Any]]:
    """The number at `key`, and all else that made the run but what changes along the line and the seed."""
    everything = {path: content(run, value) for path, value in flat(run.config)}
    there = [path for path in everything if split(path) == split(key)]
    value = everything[there[0]] if there else default
    if not _is_number(value):
        numbers = [path for path, other in everything.items() if _is_number(other)]
        raise ConfigurationError(f"{run.source}: its config has no number at {key}{suggestion(key, numbers)}")
    out = [split(path) for path in (key, *along, "random_seed")]
    rest = {path: other for path, other in everything.items() if split(path) not in out}
    return value, {**rest, "data": {name: f"SHA-256 {digest}" for name, digest in files_read(run).items()}}


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _name(labels: Sequence[str], key: str) -> str:
    """What `labels` have in common, without the part that names the value of `key` (see `variants`)."""

    def is_value(part: str) -> bool:
        name, sign, _ = part.partition("=")
        segments = name.split(".")
        return bool(sign) and split(key)[-len(segments) :] == segments

    without = [",".join(part for part in label.split(",") if not is_value(part)) for label in labels]
    return commonprefix(without).rstrip(",=._- ") or labels[0]  # noqa: RUF071 - labels are no paths


def _by_value(points: Sequence[tuple[float, FinishedRun]]) -> Series:
    by_value: Series = {value: [] for value in sorted({value for value, _ in points})}
    for value, run in sorted(points, key=lambda point: point[1].seed):
        same = by_value[value]
        if same and same[-1].seed == run.seed:
            raise ConfigurationError(
                f"{same[-1].label}-{run.seed} and {run.label}-{run.seed} have one config and seed: leave one out"
            )
        same.append(run)
    return by_value


def _listed(one: dict[str, Any], other: dict[str, Any]) -> str:
    return "".join(f"\n  {key}: {left!r}, {right!r}" for key, left, right in differences(one, other))
