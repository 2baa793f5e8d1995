"""Averages of several scores of the same pairs: of probabilities, not of logits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from causal_mtl.nn.pair_scorer.blocks import Block, inside
from causal_mtl.nn.pair_scorer.reduction import NO_PARTNER
from causal_mtl.nn.pair_scorer.scores import PairScores
from causal_mtl.nn.pair_scorer.table import PairTable
from causal_mtl.nn.wide import wide_type, widened


@dataclass
class PairMixture(PairTable):
    """p̄ = Σ_w weight_w σ(z_w) of each pair and label, as its logit log p̄ − log(1 − p̄).

    Blocks of all parts are scored one after another and averaged at once, so memory grows with the number of
    tokens and of parts, not with that of pairs. A logit is capped where single precision ends, at about ±87.

    Attributes:
        parts: scores of the same sentences by the same scorer.
        weights: of the parts, `(parts, batch)`; they sum to 1 for each sentence.
    """

    parts: Sequence[PairScores]
    weights: Tensor

    def __post_init__(self) -> None:
        first = self.parts[0]
        self.mask, self.domain = first.mask, first.domain

    @property
    def num_labels(self) -> int:
        """Of each part."""
        return self.parts[0].num_labels

    @property
    def dtype(self) -> torch.dtype:
        """Of each part."""
        return self.parts[0].dtype

    def reduce(
        self, gold: Tensor, annotated: Tensor, gold_weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """−Σ log(1 − p̄) − Σ_gold of the logits, and their maxima; see `PairTable.reduce`."""
        absent, maxima = self._pass()
        return -(absent * annotated).sum() - self._gold(gold, gold_weights).sum(), maxima

    def loss(self, gold: Tensor, annotated: Tensor, gold_weights: Tensor | None = None) -> Tensor:
        """Only the loss of `reduce`."""
        return self.reduce(gold, annotated, gold_weights)[0]

    def maxima(self) -> Tensor:
        """Only the maxima of `reduce`."""
        return self._pass()[1]

    def log_likelihood(self, gold: Tensor, annotated: Tensor) -> Tensor:
        """Σ log(1 − p̄) + Σ_gold of the logits of each sentence; see `PairTable.log_likelihood`."""
        absent, _ = self._pass()
        inner = gold[inside(gold, self.domain)]
        return (absent * annotated).index_add(0, inner[:, 0], self._gold(gold, None).to(absent.dtype))

    def turned(self) -> PairMixture:
        """Each part turned; see `PairTable.turned`."""
        return replace(self, parts=[part.turned() for part in self.parts])

    def blocks(self) -> Iterator[Block]:
        """Those of any part."""
        return self.parts[0].blocks()

    def pieces(self, pairs: Tensor) -> Iterable[Tensor]:
        """Those of any part."""
        return self.parts[0].pieces(pairs)

    def logits_of(self, block: Block) -> Tensor:
        """Log p̄ − log(1 − p̄); see `PairTable.logits_of`."""
        return _logit(*self._averages(block))

    def logits_of_pairs(self, pairs: Tensor) -> Tensor:
        """The same of `pairs`; see `PairTable.logits_of_pairs`."""
        weights = self.weights[:, pairs[:, 0]].unsqueeze(-1)
        return _logit(*_averages(weights, (part.logits_of_pairs(pairs) for part in self.parts)))

    def at(self, cells: Tensor) -> Tensor:
        """Log p̄ − log(1 − p̄) of `cells`, `(cells, 4)`."""
        held, absent = self._log_probabilities(cells)
        return held - absent

    def _averages(self, block: Block) -> tuple[Tensor, Tensor]:
        weights = self.weights[:, block.sentences, None, None, None]
        return _averages(weights, (part.logits_of(block) for part in self.parts))

    def _pass(self) -> tuple[Tensor, Tensor]:
        """Σ log(1 − p̄) of each sentence, `(batch,)`, and the maxima, `(batch, tokens, labels)`."""
        absences: list[tuple[Block, Tensor]] = []
        size = (*self.mask.shape, self.num_labels)
        maxima = torch.full(size, NO_PARTNER, dtype=wide_type(self.weights), device=self.mask.device)
        for block in self.blocks():
            held, absent = self._averages(block)
            maxima[block.sentences, block.rows] = _logit(held, absent).amax(dim=2).to(maxima.dtype)
            absences.append((block, _log(absent.clamp(max=1.0)).sum(dim=(1, 2, 3))))
        total = torch.zeros(len(self.mask), dtype=maxima.dtype, device=maxima.device)
        for block, share in absences:
            total[block.sentences] = total[block.sentences] + share.to(total.dtype)
        return total, maxima.clamp(min=NO_PARTNER)

    def _gold(self, gold: Tensor, weights: Tensor | None) -> Tensor:
        """What each gold cell of the domain adds to the log-likelihood, `(cells,)`; see `PairScores`."""
        gold = gold[inside(gold, self.domain)]
        held, absent = self._log_probabilities(gold)
        return held - absent if weights is None else weights[gold[:, 3]] * held - absent

    def _log_probabilities(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Log p̄ and log(1 − p̄) of `cells`, however small they are."""
        logits = torch.stack([part.at(cells) for part in self.parts])
        weights = self.weights[:, cells[:, 0]].log()
        return (weights + logsigmoid(logits)).logsumexp(0), (weights + logsigmoid(-logits)).logsumexp(0)


def _averages(weights: Tensor, parts: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """p̄ and 1 − p̄, each as exact as the other, from the logits of one part after another."""
    held = absent = torch.zeros((), dtype=wide_type(weights), device=weights.device)
    for weight, logits in zip(weights, parts, strict=True):
        logits = widened(logits)
        held = held + weight * logits.sigmoid()
        absent = absent + weight * (-logits).sigmoid()
    return held, absent


def _log(probabilities: Tensor) -> Tensor:
    return probabilities.clamp(min=torch.finfo(probabilities.dtype).tiny).log()


def _logit(held: Tensor, absent: Tensor) -> Tensor:
    """Log p̄ − log(1 − p̄); -inf where there is no pair, or the probability is 0 in this precision."""
    return (_log(held) - _log(absent)).masked_fill(held == 0, float("-inf"))
