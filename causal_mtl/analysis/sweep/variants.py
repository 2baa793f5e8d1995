"""What a sweep trains: every config with every combination of values and every seed, each by its own name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.common.text import split

_LONGEST = 240
"""Bytes of a name; file systems take 255, and the log adds a suffix."""


@dataclass(frozen=True)
class Variant:
    """One training of a sweep.

    Attributes:
        name: ``LABEL-SEED``, fit to be a directory's. Variants of one label differ in nothing but the seed.
        config: path of the config file.
        overrides: all changes to it by dotted path, seed included.
    """

    name: str
    config: str
    overrides: dict[str, Any]


def variants(
    configs: Sequence[str],
    grid: Mapping[str, Sequence[Any]] | None = None,
    seeds: int = 1,
    overrides: Mapping[str, Any] | None = None,
) -> list[Variant]:
    """All variants, those of seed 1 first.

    Args:
        configs: paths of config files; their stems are the labels.
        grid: values to try by dotted path; a label gets ``,key=value`` for each, the key as short as it can be.
        seeds: trains each with `random_seed` 1 to this.
        overrides: changes to all configs by dotted path.

    Raises:
        ConfigurationError: two variants would have the same name, a name would be too long, or one key is set in
            more than one way.
    """
    grid, overrides = grid or {}, overrides or {}
    _check_keys(grid, overrides)
    shown = dict(zip(grid, _short(list(grid)), strict=True))
    made = []
    for seed, config, values in product(range(1, seeds + 1), configs, product(*grid.values())):
        chosen = dict(zip(grid, values, strict=True))
        label = Path(config).stem + "".join(f",{shown[key]}={_safe(chosen[key])}" for key in grid)
        made.append(Variant(f"{label}-{seed}", str(config), {**overrides, **chosen, "random_seed": seed}))
    _check_names(made)
    return made


def _check_keys(grid: Iterable[str], overrides: Iterable[str]) -> None:
    """No key may be set twice; `a.0.b` and `a[0].b` are one key."""
    set_by: dict[tuple[str, ...], str] = {("random_seed",): "--seeds"}
    for option, keys in (("--overrides", overrides), ("--grid", grid)):
        for key in keys:
            path = tuple(split(key))
            if path in set_by:
                raise ConfigurationError(
                    f"{key} is set by {set_by[path]} and again by {option}: leave one of them out"
                )
            set_by[path] = option


def _check_names(made: Sequence[Variant]) -> None:
    named: dict[str, Variant] = {}
    for variant in made:
        if len(variant.name.encode()) > _LONGEST:
            raise ConfigurationError(
                f"{variant.name}: too long for the name of a directory; give such values in config files"
            )
        other = named.setdefault(variant.name, variant)
        if other.config != variant.config:
            raise ConfigurationError(
                f"{other.config} and {variant.config} would both be trained in {variant.name}: "
                "rename one of the files, or sweep them into different directories"
            )
        if other is not variant:
            raise ConfigurationError(
                f"two variants of {variant.config} would be trained in {variant.name}: "
                "is a config, key or value given twice? Values that differ only in special signs need two sweeps"
            )


def _short(keys: Sequence[str]) -> list[str]:
    """Of each key as few of its last segments as tell it from the others and do not begin with a number."""
    paths = [split(key) for key in keys]
    short = []
    for path in paths:
        size = 1
        while size < len(path) and (
            path[-size].isdecimal() or [other[-size:] for other in paths].count(path[-size:]) > 1
        ):
            size += 1
        short.append(_safe(".".join(path[-size:])))
    return short


def _safe(value: Any) -> str:
    """`value` without what a shell, a file system or `tabulate` would take for something else."""
    text = value if isinstance(value, str) else json.dumps(value)
    return re.sub(r"[^\w.+-]+", "_", text).strip("_")
