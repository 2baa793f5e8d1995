"""What can be asked of the scores of all pairs of a batch, wherever these come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from causal_mtl.nn.pair_scorer.blocks import Block, Domain, inside
from causal_mtl.nn.pair_scorer.covering import best_covering
from causal_mtl.nn.pair_scorer.reduction import NO_PARTNER


class PairTable(ABC):
    """The logits of all pairs and labels of a batch, which are computed as they are needed.

    Attributes:
        mask: True at real tokens, `(batch, tokens)`.
        domain: the pairs that are scored.
    """

    mask: Tensor
    domain: Domain

    @property
    @abstractmethod
    def num_labels(self) -> int:
        """How many labels a pair may have."""

    @property
    @abstractmethod
    def dtype(self) -> torch.dtype:
        """Of the weights: in which probabilities are compared with thresholds and handed out."""

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """All pairs of the domain, some at a time."""

    @abstractmethod
    def pieces(self, pairs: Tensor) -> Iterable[Tensor]:
        """`pairs`, `(pairs, 3)`: sentence, head token, tail token; some at a time."""

    @abstractmethod
    def logits_of(self, block: Block) -> Tensor:
        """The logits of a block, `(sentences, rows, tails, labels)`; -inf where there is no pair."""

    @abstractmethod
    def logits_of_pairs(self, pairs: Tensor) -> Tensor:
        """The logits of pairs that lie in the domain, `(pairs, 3)` -> `(pairs, labels)`."""

    @abstractmethod
    def at(self, cells: Tensor) -> Tensor:
        """The logits of `cells`, `(cells, 4)`, with their gradient."""

    @abstractmethod
    def reduce(
        self, gold: Tensor, annotated: Tensor, gold_weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The loss and the maxima over partners, from one pass over the pairs.

        Args:
            gold: the cells that hold, `(cells, 4)`: sentence, head token, tail token, label. Those outside the
                domain do not count.
            annotated: `(batch,)`, False where a sentence has no gold at all and its loss does not count.
            gold_weights: of each label, `(labels,)`: how often a cell that holds counts. Default: once.

        Returns:
            The summed binary cross-entropy over all pairs and labels, and max_j z_ij, `(batch, tokens, labels)`,
            `NO_PARTNER` where a token has no partner.
        """

    @abstractmethod
    def loss(self, gold: Tensor, annotated: Tensor, gold_weights: Tensor | None = None) -> Tensor:
        """Only the loss of `reduce`."""

    @abstractmethod
    def maxima(self) -> Tensor:
        """Only the maxima of `reduce`."""

    @abstractmethod
    def log_likelihood(self, gold: Tensor, annotated: Tensor) -> Tensor:
        """The log-probability of exactly the `gold` cells of each sentence, `(batch,)`; 0 if not annotated."""

    @abstractmethod
    def turned(self) -> PairTable:
        """The same scores with head and tail changed over.

        Raises:
            ValueError: the domain is "upper", which would be a lower one.
        """

    def covering_maxima(self) -> Tensor:
        """In the domain "upper": at token t the maximum of z_ij over all i ≤ t ≤ j, `(batch, tokens, labels)`.

        `NO_PARTNER` at padding. It is found without gradient; the scores at the maxima are then computed once
        more, with it.
        """
        with torch.no_grad():
            places = best_covering(self.scored(), (*self.mask.shape, self.num_labels), self.mask.device)
        cells = places.flatten(0, 2)
        parts = [cells] if torch.is_grad_enabled() else self.pieces(cells)  # to predict takes larger batches
        logits = torch.cat([self.at(part) for part in parts]).view(places.shape[:3])
        return logits.masked_fill(~self.mask.unsqueeze(-1), NO_PARTNER)

    @torch.no_grad()
    def cells(self, threshold: Tensor | float, pairs: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The cells whose probability is above `threshold`, and their probabilities.

        Args:
            threshold: one, or one per label, `(labels,)`.
            pairs: those to look at, `(pairs, 3)`: sentence, head token, tail token. Default: all of the domain.

        Returns:
            `(cells, 4)`: sentence, head token, tail token, label; and `(cells,)`.
        """
        limit = torch.as_tensor(threshold, dtype=self.dtype, device=self.mask.device).logit()
        found = list(_above(self.scored(), limit) if pairs is None else self._above_at(pairs, limit))
        if not found:
            return self.mask.new_zeros((0, 4), dtype=torch.long), limit.new_zeros(0)
        cells, logits = zip(*found, strict=True)
        return torch.cat(cells), torch.cat(logits).to(limit.dtype).sigmoid()

    def scored(self) -> Iterator[tuple[Block, Tensor]]:
        """All blocks with their logits."""
        return ((block, self.logits_of(block)) for block in self.blocks())

    def _above_at(self, pairs: Tensor, limit: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        for some in self.pieces(pairs[inside(pairs, self.domain)]):
            logits = self.logits_of_pairs(some)
            pair, label = (logits > limit).nonzero().unbind(dim=1)
            yield torch.cat([some[pair], label.unsqueeze(1)], dim=1), logits[pair, label]


def _above(scored: Iterable[tuple[Block, Tensor]], limit: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """The cells of each block whose logit is above `limit`, with their logits."""
    for block, logits in scored:
        places = (logits > limit).nonzero()
        first = (block.sentences.start or 0, block.rows.start, block.tails.start, 0)
        yield places + places.new_tensor(first), logits[places.unbind(dim=1)]
