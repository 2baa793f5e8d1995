"""Consistent predictions: which labels training showed together, and decoding that finds no others."""

from causal_mtl.models.constraints.combinations import Combinations
from causal_mtl.models.constraints.decoding import ConstrainedDecoding
from causal_mtl.models.constraints.settings import (
    Constraint,
    Constraints,
    constraint_problems,
    forbids,
    label_problems,
    rules_of,
)

__all__ = [
    "Combinations",
    "ConstrainedDecoding",
    "Constraint",
    "Constraints",
    "constraint_problems",
    "forbids",
    "label_problems",
    "rules_of",
]
