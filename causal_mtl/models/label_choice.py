"""What a task hands on of its prediction: a sampler's label in training, an inference's in evaluation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from causal_mtl.data.loader import Batch
from causal_mtl.nn.inference import Branches, Distribution, FreshNoise, Inference, Noise, TextNoise
from causal_mtl.nn.label_samplers import Gold, LabelSampler


class LabelChoice(ABC):
    """How a task's prediction becomes what later tasks are given."""

    averages: bool = False
    """Whether a distribution that is set is averaged over; else it is handed on as it is."""

    @abstractmethod
    def branch(self, distribution: Distribution) -> Branches:
        """One label in each world, or several."""

    def draws_from(self, distribution: Distribution) -> bool:
        """Whether some of several labels are drawn; see `Inference.draws_from`."""
        return False


@dataclass(frozen=True)
class SampledLabel(LabelChoice):
    """In training: what the sampler makes of logits and gold."""

    sampler: LabelSampler
    gold: Mapping[str, Gold]

    def branch(self, distribution: Distribution) -> Branches:
        """One label in the one world that there is."""
        logits = distribution.logits[0]
        return Branches(self.sampler(logits, distribution.exclusive, self.gold.get(distribution.name))[None])


@dataclass(frozen=True)
class InferredLabel(LabelChoice):
    """In evaluation: what the inference makes of logits."""

    inference: Inference
    noise: Noise

    @property
    def averages(self) -> bool:  # type: ignore[override]
        """As the inference says."""
        return self.inference.averages

    def branch(self, distribution: Distribution) -> Branches:
        """As the inference says."""
        return self.inference.branch(distribution, self.noise)

    def draws_from(self, distribution: Distribution) -> bool:
        """As the inference says."""
        return self.inference.draws_from(distribution)

    @classmethod
    def of(cls, inference: Inference, batch: Batch) -> InferredLabel:
        """With draws that depend on each text alone."""
        # By the text and not by its tokens, so that a token that is hidden in it changes no draw.
        texts = [instance.text for instance in batch.instances]
        lengths = [len(instance) for instance in batch.instances]
        return cls(inference, TextNoise(texts, lengths, inference.seed))

    @classmethod
    def fresh(cls, inference: Inference) -> InferredLabel:
        """With draws from the global generator, as training makes them."""
        return cls(inference, FreshNoise())
