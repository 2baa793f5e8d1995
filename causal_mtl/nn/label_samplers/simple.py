"""Samplers without chance: what is compared with Gumbel sampling."""

from __future__ import annotations

from torch import Tensor

from causal_mtl.common import PositiveInt
from causal_mtl.nn.label_samplers.gumbel import GumbelSampler
from causal_mtl.nn.label_samplers.label_sampler import LabelSampler, most_likely, probabilities


@LabelSampler.register("soft")
class SoftSampler(LabelSampler):
    """Hands on the probabilities in training, with their gradient. Registered with name "soft"."""

    def sample(self, logits: Tensor, exclusive: bool) -> Tensor:
        """The probabilities, `(batch, positions, labels)`."""
        return probabilities(logits, exclusive)


@LabelSampler.register("argmax")
class ArgmaxSampler(LabelSampler):
    """Hands on the most likely label in training too; no gradient passes. Registered with name "argmax"."""

    def sample(self, logits: Tensor, exclusive: bool) -> Tensor:
        """The most likely label, one-hot or k-hot, `(batch, positions, labels)`."""
        return most_likely(logits, exclusive)


@LabelSampler.register("gold")
class GoldSampler(ArgmaxSampler):
    """Hands on gold labels in training ("HMTL+LT"). Registered with name "gold".

    Where a sentence has no gold label the most likely one takes its place.
    """

    @property
    def wants_gold(self) -> bool:
        """In training."""
        return self.training


@LabelSampler.register("scheduled")
class ScheduledSampler(LabelSampler):
    """Gold labels for the first epochs, then another sampler. Registered with name "scheduled".

    Args:
        gold_epochs: how many epochs hand on gold labels.
        then: the sampler from then on.
    """

    def __init__(self, gold_epochs: PositiveInt, then: LabelSampler | None = None) -> None:
        super().__init__()
        self.gold_epochs = gold_epochs
        self.then = then or GumbelSampler()
        self.epoch = 1

    @property
    def wants_gold(self) -> bool:
        """In training, until `gold_epochs` are over."""
        return self.training and (self.epoch <= self.gold_epochs or self.then.wants_gold)

    def watched(self) -> dict[str, float]:
        """What the sampler whose turn it is watches, and whether gold is handed on."""
        on_gold = self.epoch <= self.gold_epochs
        return {"gold": float(on_gold), **({} if on_gold else self.then.watched())}

    def begin_epoch(self, epoch: int) -> None:
        """Count; the other sampler's own schedule starts when its turn comes."""
        self.epoch = epoch
        self.then.begin_epoch(max(1, epoch - self.gold_epochs))

    def sample(self, logits: Tensor, exclusive: bool) -> Tensor:
        """What the sampler whose turn it is hands on, `(batch, positions, labels)`."""
        if self.epoch <= self.gold_epochs:
            return most_likely(logits, exclusive)
        return self.then.sample(logits, exclusive)
