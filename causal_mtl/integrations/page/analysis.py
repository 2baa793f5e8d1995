"""What the page shows besides predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from causal_mtl.predictors import Predictor

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Analysis:
    """Functions that the command hands in: this package does not import `causal_mtl.analysis`.

    Both take a record as `Predictor.predict` does, labels under ``given``, and raise `ConfigurationError` for one
    that is not as it should be.

    Attributes:
        probabilities: of all labels of each task of whole texts, ``{task: {label: probability}}``.
        word_effects: of a record on the task that is named, for n-grams of these sizes; as JSON.
    """

    probabilities: Callable[[Predictor, Record], Mapping[str, Mapping[str, float]]]
    word_effects: Callable[[Predictor, Record, str, Sequence[int]], Mapping[str, Any]]
