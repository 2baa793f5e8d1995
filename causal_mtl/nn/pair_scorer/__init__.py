"""Scores of all ordered pairs of tokens for all relations, never kept all at once.

The published formula (PMEI eq. 11, CMTL eq. 14) puts two states side by side, `W_m (h_i ⊕ h_j)`. Split in two,
`U h_i + V h_j`, it needs two products per *token* and a broadcast sum per pair. What the model needs of the scores
are a loss, maxima and, at prediction, some cells: all are taken from blocks that are dropped at once.
"""

from causal_mtl.nn.pair_scorer.blocks import Domain, inside, number_of_pairs
from causal_mtl.nn.pair_scorer.mixture import PairMixture
from causal_mtl.nn.pair_scorer.reduction import NO_PARTNER
from causal_mtl.nn.pair_scorer.scorer import PairScorer
from causal_mtl.nn.pair_scorer.scores import PairScores
from causal_mtl.nn.pair_scorer.table import PairTable

__all__ = [
    "NO_PARTNER",
    "Domain",
    "PairMixture",
    "PairScorer",
    "PairScores",
    "PairTable",
    "inside",
    "number_of_pairs",
]
