"""Decision thresholds by label, chosen on labelled data."""

from causal_mtl.analysis.thresholds.choice import Candidates, Thresholds, cross_validated, tune
from causal_mtl.analysis.thresholds.tuning import tune_archive

__all__ = ["Candidates", "Thresholds", "cross_validated", "tune", "tune_archive"]
