"""Samplers that hand on gold labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from causal_mtl.common import Construct, PositiveInt, Probability, Problem
from causal_mtl.nn.inference import Marginal
from causal_mtl.nn.label_samplers.gumbel import GumbelSampler
from causal_mtl.nn.label_samplers.label_sampler import Gold, LabelSampler, Missing
from causal_mtl.nn.labels import most_likely


@LabelSampler.register("gold")
class GoldSampler(LabelSampler):
    """Hands on gold labels in training ("HMTL+LT"). Registered with name "gold".

    Args:
        missing: what becomes of a text without gold. "argmax": the most likely label takes its place. "drop": the
            text adds nothing to the losses of the tasks that have this one as a parent. "marginal": for the tasks
            after it, −log Σ_a p(a | X) p(b | X, a) takes the place of −log p(b | X, a).
        budget: with "marginal": how many joint labels of a text are listed (see `Marginal`).
        draws: with "marginal": how many are drawn where there are more.
    """

    def __init__(
        self,
        missing: Literal["argmax", "drop", "marginal"] = "argmax",
        budget: PositiveInt = 256,
        draws: PositiveInt = 32,
    ) -> None:
        super().__init__()
        self.missing = "sample" if missing == "argmax" else missing
        self.marginal = Marginal(budget, draws)

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """Numbers of labels to average over, where nothing is averaged."""
        for key in ("budget", "draws"):
            if config.says(key) and config.get("missing") != "marginal":
                yield config.problem(
                    key, 'has no effect unless missing is "marginal": leave it out', "missing"
                )

    def sample(self, logits: Tensor, exclusive: bool, gold: Gold) -> Tensor:
        """Gold, or the most likely label, `(batch, positions, labels)`."""
        return gold.over(most_likely(logits, exclusive))


@LabelSampler.register("posterior")
class PosteriorSampler(LabelSampler):
    """Gold labels; where they are missing, labels that also fit the gold of later tasks. Named "posterior".

    Where a's gold is missing, a ~ p(a | X) p(b | X, a) / Z with b the gold of all later tasks: the posterior of
    the model as it is, which makes the bound of a variational training tight, so that no network has to learn it.
    Up to `budget` joint labels are listed and the draw is exact; else it is one of `draws` draws from p(a | X),
    chosen by p(b | X, a) (importance resampling). The loss is −log p(a | X) − log p(b | X, a), the first part for
    its gradient alone: on average the gradient is that of −log Σ_a p(a | X) p(b | X, a), which "gold" with
    `missing: "marginal"` computes.

    Args:
        budget: how many joint labels of a text are listed (see `Marginal`).
        draws: how many are drawn where there are more.
    """

    def __init__(self, budget: PositiveInt = 256, draws: PositiveInt = 32) -> None:
        super().__init__()
        self.missing = "posterior"  # the model draws
        self.marginal = Marginal(budget, draws)

    def sample(self, logits: Tensor, exclusive: bool, gold: Gold) -> Tensor:
        """Gold, or what was drawn for it; the most likely label where no later task has gold to draw by."""
        return gold.over(most_likely(logits, exclusive))


@LabelSampler.register("mixed")
class MixedSampler(LabelSampler):
    """Gold with a probability, else what another sampler makes. Registered with name "mixed".

    The coin is thrown for each text and task.

    Args:
        gold_probability: of handing on gold, where it is known.
        other: makes the label otherwise ("gumbel" unless given), and says what becomes of texts without gold.
    """

    def __init__(self, gold_probability: Probability = 0.5, other: LabelSampler | None = None) -> None:
        super().__init__()
        self.gold_probability = gold_probability
        self.other = other or GumbelSampler()

    @property
    def missing(self) -> Missing:  # type: ignore[override]
        """As the other sampler says."""
        return self.other.missing

    @property
    def marginal(self) -> Marginal:  # type: ignore[override]
        """As the other sampler says."""
        return self.other.marginal

    def watched(self) -> dict[str, float]:
        """What the other sampler watches."""
        return self.other.watched()

    def begin_epoch(self, epoch: int) -> None:
        """Let the other follow its schedule."""
        self.other.begin_epoch(epoch)

    def sample(self, logits: Tensor, exclusive: bool, gold: Gold) -> Tensor:
        """Labels of either kind, `(batch, positions, labels)`."""
        heads = torch.rand(len(logits), 1, 1, device=logits.device) < self.gold_probability
        made = self.other.sample(logits, exclusive, gold)
        return Gold(gold.labels, gold.known & heads).over(made)


@LabelSampler.register("scheduled")
class ScheduledSampler(LabelSampler):
    """Gold labels for the first epochs, then another sampler. Registered with name "scheduled".

    Args:
        gold_epochs: how many epochs hand on gold labels; where they are missing, the most likely ones.
        then: the sampler from then on ("gumbel" unless given).
    """

    def __init__(self, gold_epochs: PositiveInt, then: LabelSampler | None = None) -> None:
        super().__init__()
        self.gold_epochs = gold_epochs
        self.then = then or GumbelSampler()
        self.first = GoldSampler()
        self.epoch = 1

    @property
    def current(self) -> LabelSampler:
        """The sampler whose turn it is."""
        return self.first if self.epoch <= self.gold_epochs else self.then

    @property
    def missing(self) -> Missing:  # type: ignore[override]
        """As the sampler whose turn it is says."""
        return self.current.missing

    @property
    def marginal(self) -> Marginal:  # type: ignore[override]
        """As the sampler whose turn it is says."""
        return self.current.marginal

    def watched(self) -> dict[str, float]:
        """What the sampler whose turn it is watches, and whether it is that of the first epochs."""
        return {"gold": float(self.current is self.first), **self.current.watched()}

    def begin_epoch(self, epoch: int) -> None:
        """Count; the other sampler's own schedule starts when its turn comes."""
        self.epoch = epoch
        self.then.begin_epoch(max(1, epoch - self.gold_epochs))

    def sample(self, logits: Tensor, exclusive: bool, gold: Gold) -> Tensor:
        """What the sampler whose turn it is hands on, `(batch, positions, labels)`."""
        return self.current.sample(logits, exclusive, gold)
