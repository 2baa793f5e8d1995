"""Label samplers: what a task hands on of its label in training."""

from causal_mtl.nn.label_samplers.gold import GoldSampler, MixedSampler, PosteriorSampler, ScheduledSampler
from causal_mtl.nn.label_samplers.gumbel import GumbelSampler
from causal_mtl.nn.label_samplers.label_sampler import Gold, LabelSampler, Missing
from causal_mtl.nn.label_samplers.simple import ArgmaxSampler, SoftSampler

__all__ = [
    "ArgmaxSampler",
    "Gold",
    "GoldSampler",
    "GumbelSampler",
    "LabelSampler",
    "Missing",
    "MixedSampler",
    "PosteriorSampler",
    "ScheduledSampler",
    "SoftSampler",
]
