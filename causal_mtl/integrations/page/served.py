"""One model as the page sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from causal_mtl.data import WhitespaceTokenizer, from_json
from causal_mtl.integrations.page.analysis import Analysis, Record
from causal_mtl.predictors import Predictor
from causal_mtl.tasks import Task


@dataclass(frozen=True)
class ServedModel:
    """Answers the page's questions to one model, one at a time.

    Attributes:
        name: that the page shows.
        predictor: of the model.
        analysis: what the page shows besides predictions.
    """

    name: str
    predictor: Predictor
    analysis: Analysis
    _lock: Lock = field(default_factory=Lock, repr=False)

    def describe(self) -> dict[str, Any]:
        """The model's name, and its tasks in the order of the graph."""
        return {"name": self.name, "tasks": [self._task(task) for task in self.predictor.model.tasks]}

    def predict(self, record: Record) -> dict[str, Any]:
        """The labelled record, where its tokens stand, and the probabilities of labels of whole texts.

        Raises:
            ConfigurationError: the record is not as it should be.
        """
        with self._lock:
            labelled = self.predictor.predict(record)
            probabilities = self.analysis.probabilities(self.predictor, record)
        tokens = from_json(labelled, WhitespaceTokenizer()).tokens
        return {
            "record": {key: labelled[key] for key in ("text", "tokens", "annotations")},
            "offsets": [[token.start, token.end] for token in tokens],
            "probabilities": probabilities,
        }

    def word_effects(self, record: Record, target: Any, sizes: Sequence[int]) -> Mapping[str, Any]:
        """What hiding n-grams does to a task.

        Raises:
            ConfigurationError: there is no such task, or the record is not as it should be.
        """
        self.predictor.model.tasks.check_names([target], "target")
        with self._lock:
            return self.analysis.word_effects(self.predictor, record, target, sizes)

    def _task(self, task: Task) -> dict[str, Any]:
        uses = task.uses().get("mentions")
        return {
            "name": task.name,
            "kind": task.yields,
            "labels": task.label_names(self.predictor.archive.vocab),
            "exclusive": task.exclusive,
            "overlaps": task.holds_overlaps,
            "parents": self.predictor.model.tasks.parents[task.name],
            "mentions": uses[0] if uses else None,
        }
