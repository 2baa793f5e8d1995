"""Which runs are one configuration with several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from causal_mtl.analysis.run import FinishedRun
from causal_mtl.analysis.settings import as_taken, files_read
from causal_mtl.common import ConfigurationError
from causal_mtl.common.differences import differences


def configurations(runs: Sequence[FinishedRun]) -> dict[str, list[FinishedRun]]:
    """Runs by label, each label's by seed; labels in the order in which they came.

    Raises:
        ConfigurationError: runs of one label differ in more than the seed (the message names the keys), or do not
            differ in it.
    """
    groups: dict[str, list[FinishedRun]] = {}
    for run in runs:
        groups.setdefault(run.label, []).append(run)
    for label, group in groups.items():
        for run in group[1:]:
            if found := _differences(group[0], run):
                listed = "".join(f"\n  {key}: {one!r}, {other!r}" for key, one, other in found)
                raise ConfigurationError(
                    f"{label}: {group[0].source} and {run.source} differ in more than the seed:{listed}"
                )
        seeds = [run.seed for run in group]
        if twice := sorted({seed for seed in seeds if seeds.count(seed) > 1}):
            raise ConfigurationError(f"{label}: more than one run with seed {', '.join(map(str, twice))}")
        group.sort(key=lambda run: run.seed)
    return groups


def _differences(first: FinishedRun, second: FinishedRun) -> list[tuple[str, Any, Any]]:
    """Where the configs differ but for the seed; if nowhere, the data that has changed between the runs."""
    one, other = ({**run.config, "random_seed": None} for run in (first, second))
    found = [
        (key, value, with_other)
        for key, value, with_other in differences(one, other)
        if as_taken(first, key, value) != as_taken(second, key, with_other)
    ]
    data, other_data = (
        {f"SHA-256 of {name}": digest for name, digest in files_read(run).items()} for run in (first, second)
    )
    return found or differences(data, other_data)
