"""Inference along one label, or one distribution in its place."""

from __future__ import annotations

from causal_mtl.nn.inference.distribution import Branches, Distribution
from causal_mtl.nn.inference.inference import Inference
from causal_mtl.nn.inference.noise import Noise
from causal_mtl.nn.labels import most_likely, probabilities


@Inference.register("most_likely")
class MostLikely(Inference):
    """Hands on the most likely label of each position. Registered as an `Inference` with name "most_likely"."""

    def branch(self, distribution: Distribution, noise: Noise) -> Branches:
        """One-hot, or k-hot: the labels whose probability is above one half."""
        return Branches(most_likely(distribution.logits, distribution.exclusive))


@Inference.register("soft")
class Soft(Inference):
    """Hands on the probabilities as if they were a label. Registered as an `Inference` with name "soft"."""

    def branch(self, distribution: Distribution, noise: Noise) -> Branches:
        """The probabilities."""
        return Branches(probabilities(distribution.logits, distribution.exclusive))
