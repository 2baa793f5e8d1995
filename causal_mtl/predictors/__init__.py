"""From JSON to JSON through a trained model."""

from causal_mtl.predictors.comparison import compare
from causal_mtl.predictors.loading import load
from causal_mtl.predictors.predictor import InputError, Predictor

__all__ = ["InputError", "Predictor", "compare", "load"]
