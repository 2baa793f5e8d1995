"""Evaluation protocols, one a file; a measure's name carries its mode."""

from causal_mtl.metrics.classification import MultiLabelF1, SingleLabelAccuracy
from causal_mtl.metrics.inconsistency import Inconsistency, inconsistency_measures
from causal_mtl.metrics.measure import Measure
from causal_mtl.metrics.metric import Metric
from causal_mtl.metrics.ratio import RatioMetric
from causal_mtl.metrics.span_f1 import SpanF1
from causal_mtl.metrics.triple_f1 import TripleF1

__all__ = [
    "Inconsistency",
    "Measure",
    "Metric",
    "MultiLabelF1",
    "RatioMetric",
    "SingleLabelAccuracy",
    "SpanF1",
    "TripleF1",
    "inconsistency_measures",
]
