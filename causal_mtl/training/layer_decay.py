"""Lower layers learn more slowly: a factor of the learning rate by depth."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from causal_mtl.common import ConfigurationError


def decay_factors(names: Iterable[str], decay: float) -> dict[float, list[str]]:
    """Parameters by the factor of their rate: 1 in the highest layer, times `decay` for each layer below it.

    Embeddings lie one below the lowest layer. What has no number and is no embedding (a last normalization)
    counts as part of the highest layer.

    Args:
        names: of the parameters of a stack of numbered layers, such as ``….transformer.encoder.layer.3.…``.
        decay: above 0, at most 1.

    Raises:
        ConfigurationError: no name has a number.
    """
    names = list(names)
    numbers = {name: _layer(name) for name in names}
    known = {number for number in numbers.values() if number is not None}
    if not known:
        raise ConfigurationError("layer_decay: the parameters of this group are of no numbered layers")
    top, bottom = max(known), min(known) - 1
    factors: dict[float, list[str]] = defaultdict(list)
    for name, number in numbers.items():
        depth = number if number is not None else bottom if "embedding" in _inner(name) else top
        factors[decay ** (top - depth)].append(name)
    return dict(factors)


def _layer(name: str) -> int | None:
    """The first number in a parameter's name."""
    found = re.search(r"\.(\d+)\.", _inner(name))
    return int(found[1]) if found else None


def _inner(name: str) -> str:
    """A parameter's name within its transformer; without one, all of it."""
    return name.rpartition(".transformer.")[2]
