"""Label samplers: what a task hands on of its label."""

from causal_mtl.nn.label_samplers.gumbel import GumbelSampler
from causal_mtl.nn.label_samplers.label_sampler import LabelSampler, most_likely, probabilities
from causal_mtl.nn.label_samplers.simple import ArgmaxSampler, GoldSampler, ScheduledSampler, SoftSampler

__all__ = [
    "ArgmaxSampler",
    "GoldSampler",
    "GumbelSampler",
    "LabelSampler",
    "ScheduledSampler",
    "SoftSampler",
    "most_likely",
    "probabilities",
]
