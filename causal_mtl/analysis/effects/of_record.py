"""One record that somebody looks at: the probabilities of its labels, and what its words do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from causal_mtl.analysis.effects.intervene import Interventions
from causal_mtl.analysis.effects.ngrams import NGrams, ngram_effects
from causal_mtl.analysis.effects.texts import Text, settled
from causal_mtl.common import ConfigurationError
from causal_mtl.predictors import Predictor

MOST_NGRAMS = 2_000
"""That are hidden for one answer: each costs a pass of its text."""
OUTCOMES = 8
"""That an answer shows: the likeliest."""
STRONGEST = 10
"""N-grams that an answer lists for each outcome."""


def label_probabilities(predictor: Predictor, record: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Of all labels of each task of whole texts, ``{task: {label: probability}}``.

    Of a task whose labels are given: what the model would say itself.

    Args:
        predictor: of the model.
        record: as `Predictor.predict` takes it.

    Raises:
        ConfigurationError: the record is not as it should be.
    """
    targets = [
        task.name for task in predictor.model.tasks if task.level == "text" and task.yields == "labels"
    ]
    if not targets:
        return {}
    instance = settled(predictor, record)
    asked = Interventions(predictor.archive, targets, predictor.batch_size)
    found = asked.outcomes([(instance, None)], [instance.annotations])
    return {
        name: dict(zip(asked.outcome_names(name), map(float, found[name][0]), strict=True))
        for name in targets
    }


def word_effects(
    predictor: Predictor, record: Mapping[str, Any], target: str, sizes: Sequence[int]
) -> dict[str, Any]:
    """What hiding each n-gram does to the likeliest outcomes of a task, by n-gram and by token.

    Args:
        predictor: of the model.
        record: as `Predictor.predict` takes it.
        target: the task.
        sizes: of the n-grams, in tokens.

    Returns:
        ``{"target", "outcomes": [{"name", "probability", "by_token", "strongest"}]}``, likeliest first. A
        strong n-gram has ``text``, ``start``, ``end`` (characters) and ``effect``.

    Raises:
        ConfigurationError: the record is not as it should be, or has more than `MOST_NGRAMS` n-grams.
    """
    instance = settled(predictor, record)
    number = sum(max(0, len(instance) - size + 1) for size in sizes)
    if number > MOST_NGRAMS:
        raise ConfigurationError(
            f"{number:,} n-grams of {len(instance):,} tokens are too many to hide one by one, {MOST_NGRAMS:,} are "
            "allowed: take shorter n-grams or a shorter text"
        )
    asked = Interventions(predictor.archive, [target], predictor.batch_size)
    found = ngram_effects(asked, Text("", instance, {}), sizes)[0]
    likeliest = np.argsort(-found.probabilities, kind="stable")[:OUTCOMES]
    return {"target": target, "outcomes": [_outcome(found, found.outcomes[index]) for index in likeliest]}


def _outcome(found: NGrams, name: str) -> dict[str, Any]:
    column = found.outcomes.index(name)
    return {
        "name": name,
        "probability": float(found.probabilities[column]),
        "by_token": [float(effect) for effect in found.by_token(name)],
        "strongest": [_gram(found, index, column) for index in found.strongest(name, STRONGEST)],
    }


def _gram(found: NGrams, index: int, column: int) -> dict[str, Any]:
    span, tokens = found.spans[index], found.text.instance.tokens
    return {
        "text": found.words(span),
        "start": tokens[span[0]].start,
        "end": tokens[span[1] - 1].end,
        "effect": float(found.effects[index, column]),
    }
