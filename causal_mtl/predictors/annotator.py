"""Instances in, their annotations out, batch by batch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from causal_mtl.archive import Archive
from causal_mtl.data import Annotation, Instance, batches
from causal_mtl.data.loader import Loader
from causal_mtl.models.model import Labels
from causal_mtl.predictors.partial import complete
from causal_mtl.predictors.uncertain import certain, distributions, uncertain

MOST_PIECES = 16_384
"""Tokens (word pieces where an indexer counts these) that are predicted together at most, padding counted; a
longer text is a batch of its own."""


@dataclass(frozen=True)
class Annotator:
    """Predicts instances with a trained model.

    Attributes:
        archive: the trained model.
        batch_size: sentences that are predicted together at most; they are of similar length.
        mixed_precision: "no", or "bf16" for matrix products of 16 bits.
    """

    archive: Archive
    batch_size: int = 32
    mixed_precision: Literal["no", "bf16"] = "no"

    def annotate(self, instances: Sequence[Instance]) -> list[dict[str, Annotation]]:
        """One annotation per task for each instance, in their order.

        Annotations that an instance has already are set, not predicted; around partial ones the rest is.
        """
        return self._annotate(complete(instances, self.archive.model.tasks, self._annotate))

    def batches(self, lengths: Sequence[int]) -> list[list[int]]:
        """Which sentences go together: no more than memory has room for, and no short one with a long one."""
        return batches(lengths, batch_size=self.batch_size, max_tokens=MOST_PIECES, shuffle=False, alike=True)

    def _annotate(self, instances: Sequence[Instance]) -> list[dict[str, Annotation]]:
        """As `annotate`, where nothing is partial."""
        # What is set, and what with probabilities, must be the same in a batch.
        alike: dict[tuple[frozenset[str], frozenset[str]], list[int]] = defaultdict(list)
        for number, instance in enumerate(instances):
            alike[frozenset(instance.annotations), frozenset(uncertain(instance))].append(number)
        found: dict[int, dict[str, Annotation]] = {}
        for (_, unsure), indices in alike.items():
            group = [instances[index] for index in indices]
            found.update(zip(indices, self._alike(group, unsure), strict=True))
        return [found[number] for number in range(len(instances))]

    def _alike(self, instances: Sequence[Instance], unsure: frozenset[str]) -> list[dict[str, Annotation]]:
        """Of instances that have the same tasks set; the labels of `unsure` have probabilities."""
        archive = self.archive
        bare = [certain(instance) for instance in instances]
        loader = Loader(bare, archive.vocab, archive.reader.token_indexers, archive.model.tasks)
        found: dict[int, dict[str, Annotation]] = {}
        for chosen in self.batches(loader.lengths):
            rows = [instances[index] for index in chosen]
            found.update(zip(chosen, self._batch(loader, chosen, rows, unsure), strict=True))
        return [found[number] for number in range(len(instances))]

    def _batch(
        self, loader: Loader, chosen: list[int], rows: Sequence[Instance], unsure: frozenset[str]
    ) -> list[dict[str, Annotation]]:
        model, device = self.archive.model, self.archive.device
        batch = loader.batch(chosen).to(device)
        unlabelled = replace(batch, labels={}, counts=Counter())
        given = distributions(rows, unsure, model.tasks, self.archive.vocab)
        labels: Labels = {**batch.labels, **{name: one.to(device) for name, one in given.items()}}
        with torch.inference_mode(), self._autocast():
            output = model(unlabelled, labels or None)
            return model.decode(output, unlabelled, labels or None)

    def _autocast(self) -> torch.autocast:
        enabled = self.mixed_precision == "bf16"
        return torch.autocast(self.archive.device.type, torch.bfloat16, enabled=enabled)
