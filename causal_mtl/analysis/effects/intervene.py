"""What a trained model makes of labels that are set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causal_mtl.archive import Archive
from causal_mtl.data import Annotation, Instance, Span
from causal_mtl.data.batching import split_by
from causal_mtl.data.loader import Batch, Loader
from causal_mtl.predictors.annotator import Annotator
from causal_mtl.tasks import Head
from causal_mtl.tasks.relation_extraction import ROLES

Annotations = Mapping[str, Annotation]
"""What is set in one text, by task."""

Place = tuple[Instance, Span | None]
"""A text, and the mention at which outcomes are looked at (None: in the whole text)."""


@dataclass(frozen=True)
class Interventions:
    """Asks one model what follows from labels.

    Attributes:
        archive: the model.
        targets: tasks whose outcomes are asked for.
        batch_size: sentences at a time.
    """

    archive: Archive
    targets: Sequence[str]
    batch_size: int = 32

    def outcome_names(self, target: str) -> list[str]:
        """The names of the outcomes of a task."""
        return self.archive.model.tasks[target].outcome_names(self.archive.vocab)

    def factual(self, instances: Sequence[Instance], tasks: Sequence[str]) -> list[dict[str, Annotation]]:
        """The labels of these tasks: gold where there is any, else what is predicted from the text alone."""
        missing = [
            index for index, one in enumerate(instances) if any(name not in one.annotations for name in tasks)
        ]
        bare = [replace(instances[index], annotations={}) for index in missing]
        predicted = dict(zip(missing, self._annotator().annotate(bare), strict=True))
        return [
            {name: one.annotations[name] if name in one.annotations else predicted[i][name] for name in tasks}
            for i, one in enumerate(instances)
        ]

    def outcomes(
        self,
        places: Sequence[Place],
        of_heads: Sequence[Annotations],
        of_encoders: Sequence[Annotations] | None = None,
    ) -> dict[str, NDArray[np.float64]]:
        """The probability of each outcome of each target, `(places, outcomes)`.

        Of the whole text for a task of tokens: the highest over its tokens.

        Args:
            places: texts; the same text may occur several times.
            of_heads: for each, the labels that are set; other tasks are predicted.
            of_encoders: for each, what encoders see in place of these (None: the same). Only of models with two
                paths; the same tasks must be set.
        """
        instances = [place[0] for place in places]
        heads = self._loader(instances, of_heads)
        encoders = None if of_encoders is None else self._loader(instances, of_encoders)
        found = {name: np.empty((len(places), len(self.outcome_names(name)))) for name in self.targets}
        # What is set must be the same in a batch: what is drawn in a text must not depend on others.
        for indices in split_by([frozenset(of) for of in of_heads], self._annotator().batches(heads.lengths)):
            batch = heads.batch(indices).to(self.archive.device)
            options = {} if encoders is None else {"encoder_labels": self._labels(encoders, indices)}
            scored = self._score(batch, options)
            for name in self.targets:
                spans = [places[index][1] for index in indices]
                probabilities = self._at(name, scored.outputs[name], batch.mask, spans)
                found[name][indices] = probabilities.double().cpu().numpy()
        return found

    def _annotator(self) -> Annotator:
        return Annotator(self.archive, self.batch_size)

    def _loader(self, instances: Sequence[Instance], labels: Sequence[Annotations]) -> Loader:
        set_ = [replace(one, annotations=dict(of)) for one, of in zip(instances, labels, strict=True)]
        archive = self.archive
        return Loader(set_, archive.vocab, archive.reader.token_indexers, archive.model.tasks)

    def _labels(self, loader: Loader, indices: Sequence[int]) -> Any:
        return loader.batch(indices).to(self.archive.device).labels

    def _score(self, batch: Batch, options: Mapping[str, Any]) -> Any:
        unlabelled = replace(batch, labels={}, counts=Counter())
        with torch.inference_mode():
            return self.archive.model(unlabelled, batch.labels, **options)

    def _at(self, name: str, output: Any, mask: Tensor, spans: Sequence[Span | None]) -> Tensor:
        """The probabilities of a task's outcomes at these mentions, `(batch, outcomes)`."""
        with torch.inference_mode():
            everywhere = outcome_probabilities(self.archive.model.heads[name], output)
        if everywhere.shape[1] == 1:
            return everywhere[:, 0]
        highest = everywhere.masked_fill(~mask.unsqueeze(-1), 0).amax(dim=1)
        task = self.archive.model.tasks[name]
        rows = [
            highest[row] if span is None else everywhere[row, task.anchor_of(span)]
            for row, span in enumerate(spans)
        ]
        return torch.stack(rows)


def outcome_probabilities(head: Head, output: Any) -> Tensor:
    """Of each outcome, `(batch, tokens or 1, outcomes)`, in double precision."""
    logits = head.outcome_logits(output).double()
    return logits.softmax(dim=-1) if head.exclusive else logits.sigmoid()


def label_of(outcome: str, labels: Collection[str], roles: Sequence[str] = ROLES) -> str | None:
    """Which of these labels an outcome speaks of: itself, that of a tag, or that of a relation with a role."""
    of_roles = (outcome.removesuffix(f" ({role})") for role in roles)
    return next((name for name in (outcome, outcome.partition("-")[2], *of_roles) if name in labels), None)
