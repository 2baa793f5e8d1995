"""Samplers that make a label of logits alone, without chance: what is compared with Gumbel sampling."""

from __future__ import annotations

from torch import Tensor

from causal_mtl.nn.label_samplers.label_sampler import Gold, LabelSampler
from causal_mtl.nn.labels import most_likely, probabilities


@LabelSampler.register("soft")
class SoftSampler(LabelSampler):
    """Hands on the probabilities in training, with their gradient. Registered with name "soft"."""

    def sample(self, logits: Tensor, exclusive: bool, gold: Gold) -> Tensor:
        """The probabilities, `(batch, positions, labels)`."""
        return probabilities(logits, exclusive)


@LabelSampler.register("argmax")
class ArgmaxSampler(LabelSampler):
    """Hands on the most likely label in training too; no gradient passes. Registered with name "argmax"."""

    def sample(self, logits: Tensor, exclusive: bool, gold: Gold) -> Tensor:
        """The most likely label, one-hot or k-hot, `(batch, positions, labels)`."""
        return most_likely(logits, exclusive)
