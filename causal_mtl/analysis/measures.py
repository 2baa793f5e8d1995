"""How the measures of finished trainings are shown, and what they are by default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_mtl.common import ConfigurationError
from causal_mtl.metrics.measure import ACCURACY, Measure, f1_measures


def described(note: dict[str, Any], name: str) -> Measure:
    """What ``run.json`` says of the measure (or loss) `name`; of an older training, what its name tells."""
    known = note.get("measures", {})
    if name in known:
        return Measure.from_json(known[name])
    for last in ("f1", "precision", "recall"):
        if name.endswith(last):
            return f1_measures(name.removesuffix(last))[name]
    if name.rpartition("/")[2] in ("loss", "kl", "early"):
        return Measure(higher_is_better=False)
    return ACCURACY if name.endswith("accuracy") else Measure()


def ratio(measure: Measure, sums: NDArray) -> NDArray:
    """The measure of weighted sums, `(..., columns)` -> `(...)`; 0 where there is nothing to divide by."""
    above, below = (
        sums @ np.array([part.get(column, 0) for column in measure.columns])
        for part in (measure.numerator, measure.denominator)
    )
    return np.divide(above, below, out=np.zeros(np.shape(above)), where=below != 0)


def as_shown(measure: Measure) -> tuple[int, str]:
    """What values are multiplied by in tables, and the format of the product."""
    return (100, ".1f") if measure.percent else (1, ".3g")


def unit(measure: Measure) -> str:
    """What tables say of the values: ``× 100, `` or nothing, and whether lower is better."""
    return ("× 100, " if measure.percent else "") + (
        "lower is better, " if measure.higher_is_better is False else ""
    )


def deciding(configs: Sequence[dict[str, Any]]) -> list[str]:
    """The measures by which trainings chose their best epochs, without signs: what is tabulated by default.

    Args:
        configs: of all trainings, at least one.

    Raises:
        ConfigurationError: they were chosen by different measures.
    """
    found: dict[tuple[str, ...], None] = {}
    for config in configs:
        metric = config.get("trainer", {}).get("validation_metric", "-loss")
        names = [metric] if isinstance(metric, str) else metric
        found[tuple(name.lstrip("+-") for name in names)] = None
    if len(found) > 1:
        listed = "; ".join(", ".join(names) for names in found)
        raise ConfigurationError(
            f"the trainings have different validation metrics ({listed}): give --measure"
        )
    return list(next(iter(found)))
