"""Inference: what a task hands on of its label in evaluation and prediction."""

from causal_mtl.nn.inference.distribution import Branches, Distribution
from causal_mtl.nn.inference.inference import Inference
from causal_mtl.nn.inference.marginal import Marginal
from causal_mtl.nn.inference.noise import FreshNoise, Noise, TextNoise
from causal_mtl.nn.inference.simple import MostLikely, Soft

__all__ = [
    "Branches",
    "Distribution",
    "FreshNoise",
    "Inference",
    "Marginal",
    "MostLikely",
    "Noise",
    "Soft",
    "TextNoise",
]
