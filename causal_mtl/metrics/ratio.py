"""Metrics whose measures are ratios of sums over sentences."""

from __future__ import annotations

from typing import ClassVar

from causal_mtl.metrics.measure import Measure
from causal_mtl.metrics.metric import Metric


class RatioMetric(Metric):
    """Base of metrics that are fully said by `ratios` and by what `count` adds to ``self.counts[column,]``.

    With ``ratios = {"mae": Measure({"error": 1}, {"texts": 1}, higher_is_better=False)}``, `count` adds to
    ``self.counts["error",]`` and ``self.counts["texts",]``.
    """

    ratios: ClassVar[dict[str, Measure]]
    """The measures by name, each with a numerator and a denominator."""

    def measures(self) -> dict[str, Measure]:
        """What the class says in `ratios`."""
        return dict(self.ratios)

    def get_metric(self, reset: bool = False) -> dict[str, float]:
        """The ratios of what was counted."""
        found = {name: measure.value(self.sums(name)) for name, measure in self.ratios.items()}
        if reset:
            self.reset()
        return found

    def per_label(self) -> dict[str, dict[str, float]]:
        """Nothing: there are no labels to tell apart."""
        return {}
