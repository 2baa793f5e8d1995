"""Evaluation protocols, one a file; a measure's name carries its mode."""

from causal_mtl.metrics.classification import MultiLabelF1, SingleLabelAccuracy
from causal_mtl.metrics.metric import Metric
from causal_mtl.metrics.span_f1 import SpanF1
from causal_mtl.metrics.triple_f1 import TripleF1

__all__ = ["Metric", "MultiLabelF1", "SingleLabelAccuracy", "SpanF1", "TripleF1"]
