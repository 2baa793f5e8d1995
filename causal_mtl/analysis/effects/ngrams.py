"""Equation 11 of the CMTL paper: what hiding an n-gram does to a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.effects.intervene import Interventions, label_of
from causal_mtl.analysis.effects.texts import Text
from causal_mtl.data import Instance, Token
from causal_mtl.data.instance import labels_of
from causal_mtl.data.vocabulary import OOV_TOKEN

LIKELIEST = 3
"""Outcomes that are shown besides those of gold, unless some are named."""


@dataclass(frozen=True)
class NGrams:
    """The effects of all n-grams of one text on the outcomes of one task.

    Attributes:
        text: what was read.
        target: the task.
        outcomes: their names.
        probabilities: f(b | X), `(outcomes,)`.
        spans: first token and end of each n-gram.
        effects: ψ(g, b) = f(b | X) − f(b | X without g), `(n-grams, outcomes)`: positive where g speaks for b.
    """

    text: Text
    target: str
    outcomes: Sequence[str]
    probabilities: NDArray[np.float64]
    spans: Sequence[tuple[int, int]]
    effects: NDArray[np.float64]

    def words(self, span: tuple[int, int]) -> str:
        """An n-gram as it stands in the text, with whatever is between its tokens."""
        tokens = self.text.instance.tokens
        return self.text.instance.text[tokens[span[0]].start : tokens[span[1] - 1].end]

    def strongest(self, outcome: str, top: int) -> list[int]:
        """The indices of the n-grams with the largest effects on an outcome, for or against it."""
        column = np.abs(self.effects[:, self.outcomes.index(outcome)])
        return [int(index) for index in np.argsort(-column, kind="stable")[:top]]

    def by_token(self, outcome: str) -> NDArray[np.float64]:
        """What each token does to an outcome: the mean effect of the n-grams that it is in, `(tokens,)`."""
        column = self.effects[:, self.outcomes.index(outcome)]
        total, count = np.zeros(len(self.text.instance)), np.zeros(len(self.text.instance))
        for (start, end), effect in zip(self.spans, column, strict=True):
            total[start:end] += effect
            count[start:end] += 1
        mean: NDArray[np.float64] = total / np.maximum(count, 1)
        return mean

    def shown(self, labels: Sequence[str] = ()) -> list[str]:
        """Which outcomes to show: those that are named, or else the likeliest and those that hold in gold."""
        if labels:
            return [name for name in self.outcomes if name in labels]
        likeliest = np.argsort(-self.probabilities, kind="stable")[:LIKELIEST]
        gold = self.text.gold.get(self.target)
        holds = set(labels_of(gold)) if gold else set()
        as_parts = holds - set(self.outcomes)  # in tags, or with a role
        return [
            name
            for n, name in enumerate(self.outcomes)
            if n in likeliest or name in holds or label_of(name, as_parts)
        ]

    def as_json(self, labels: Sequence[str], top: int) -> dict[str, Any]:
        """As it is written: the strongest n-grams of each outcome, and the effects of all."""
        shown = self.shown(labels)
        columns = [self.outcomes.index(name) for name in shown]
        grams = [self._gram(index, shown, columns) for index in range(len(self.spans))]
        return {
            "id": self.text.name,
            "text": self.text.instance.text,
            "tokens": [token.text for token in self.text.instance.tokens],
            "target": self.target,
            "probabilities": dict(zip(self.outcomes, map(float, self.probabilities), strict=True)),
            "strongest": {name: [grams[index] for index in self.strongest(name, top)] for name in shown},
            "ngrams": grams,
        }

    def _gram(self, index: int, shown: Sequence[str], columns: Sequence[int]) -> dict[str, Any]:
        start, end = self.spans[index]
        tokens = self.text.instance.tokens
        return {
            "n": end - start,
            "tokens": [start, end],
            "start": tokens[start].start,
            "end": tokens[end - 1].end,
            "text": self.words((start, end)),
            "effects": dict(zip(shown, map(float, self.effects[index, columns]), strict=True)),
        }


def ngram_effects(asked: Interventions, text: Text, sizes: Sequence[int]) -> list[NGrams]:
    """Hide each n-gram of a text in turn: one result for each target.

    Hidden words keep their positions; all labels but those that are given are predicted anew.

    Args:
        asked: the model and the targets.
        text: with the labels that are given.
        sizes: of the n-grams, in tokens; those longer than the text are passed over.
    """
    instance = text.instance
    spans = [(start, start + n) for n in sizes for start in range(len(instance) - n + 1)]
    variants = [instance, *(hidden(instance, span) for span in spans)]
    found = asked.outcomes([(one, None) for one in variants], [instance.annotations] * len(variants))
    return [
        NGrams(text, name, asked.outcome_names(name), of[0], spans, of[0] - of[1:])
        for name, of in found.items()
    ]


def hidden(instance: Instance, span: tuple[int, int]) -> Instance:
    """The same text with some tokens unknown, at their places."""
    tokens = [
        Token(OOV_TOKEN, token.start, token.end) if span[0] <= index < span[1] else token
        for index, token in enumerate(instance.tokens)
    ]
    return replace(instance, tokens=tokens)
