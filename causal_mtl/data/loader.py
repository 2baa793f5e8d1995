"""From instances to batches of tensors: everything is indexed once, then collated a batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from causal_mtl.data.instance import Annotation, Instance
from causal_mtl.data.token_indexers import TokenIndexer
from causal_mtl.data.vocabulary import Vocabulary


class TargetFunctions(Protocol):
    """What the loader needs of a task, whose kind it does not know."""

    name: str

    def count_vocab_items(self, instance: Instance, counter: dict[str, dict[str, int]]) -> None:
        """Count the labels of `instance`."""

    def targets(self, instance: Instance, vocab: Vocabulary) -> Any | None:
        """The labels of one sentence, indexed; None where it is not annotated."""

    def collate(self, targets: Sequence[Any | None], lengths: Sequence[int]) -> dict[str, Tensor]:
        """The targets of a batch as tensors."""


@dataclass(frozen=True)
class TaskLabels:
    """The labels of one task for a batch, as annotations and as tensors.

    Gold labels, labels that a person gives, and interventions all have this form.
    """

    annotations: Sequence[Annotation | None]
    targets: dict[str, Tensor]

    def annotated(self, device: torch.device) -> Tensor:
        """Which sentences carry the task, `(batch,)`."""
        return torch.tensor([annotation is not None for annotation in self.annotations], device=device)

    def to(self, device: torch.device) -> TaskLabels:
        """The same labels with their tensors on `device`."""
        return replace(self, targets=_move(self.targets, device))


@dataclass(frozen=True)
class Batch:
    """Some sentences, padded to the longest.

    Attributes:
        instances: the sentences.
        inputs: tensors by token indexer and name.
        mask: True at real tokens, `(batch, tokens)`.
        labels: gold labels by task; a task that no sentence of the batch carries is absent.
        counts: how many sentences carry each task.
    """

    instances: Sequence[Instance]
    inputs: dict[str, dict[str, Tensor]]
    mask: Tensor
    labels: dict[str, TaskLabels]
    counts: Counter[str]

    def __len__(self) -> int:
        return len(self.instances)

    def to(self, device: torch.device) -> Batch:
        """The same batch with its tensors on `device`."""
        return replace(
            self,
            inputs={name: _move(tensors, device) for name, tensors in self.inputs.items()},
            mask=self.mask.to(device, non_blocking=True),
            labels={name: labels.to(device) for name, labels in self.labels.items()},
        )


@dataclass(frozen=True)
class CountableInstance:
    """An instance as a vocabulary counts it: tokens by indexer, labels by task."""

    instance: Instance
    indexers: Mapping[str, TokenIndexer]
    tasks: Iterable[TargetFunctions]

    def count_vocab_items(self, counter: dict[str, dict[str, int]]) -> None:
        """Add everything that needs an index to `counter[namespace][item]`."""
        for indexer in self.indexers.values():
            for token in self.instance.tokens:
                indexer.count_vocab_items(token, counter)
        for task in self.tasks:
            task.count_vocab_items(self.instance, counter)


class Loader:
    """Indexes instances once and hands out batches by their indices.

    Args:
        instances: the sentences.
        vocab: complete; it is not changed.
        indexers: by name.
        tasks: whose labels are indexed.

    Attributes:
        num_tokens: of each sentence.
        lengths: how much of a batch each sentence takes up: the most that an indexer counts for it, in tokens or
            word pieces.
    """

    def __init__(
        self,
        instances: Iterable[Instance],
        vocab: Vocabulary,
        indexers: Mapping[str, TokenIndexer],
        tasks: Iterable[TargetFunctions],
    ) -> None:
        self.instances = list(instances)
        self.num_tokens = [len(instance) for instance in self.instances]
        self._indexers = indexers
        self._tasks = list(tasks)
        self._indices = {
            name: [indexer.tokens_to_indices(instance.tokens, vocab) for instance in self.instances]
            for name, indexer in indexers.items()
        }
        self.lengths = [
            max(
                [
                    length,
                    *(
                        indexer.length(instance.tokens, self._indices[name][number])
                        for name, indexer in indexers.items()
                    ),
                ]
            )
            for number, (instance, length) in enumerate(zip(self.instances, self.num_tokens, strict=True))
        ]
        self._stored: dict[str, Callable[[Sequence[int]], dict[str, Tensor]]] = {}
        self._targets = {
            task.name: [task.targets(instance, vocab) for instance in self.instances] for task in self._tasks
        }

    def __len__(self) -> int:
        return len(self.instances)

    def targets(self, task: str) -> Iterator[Any | None]:
        """The indexed labels of all sentences for `task`."""
        return iter(self._targets[task])

    def counts(self, indices: Iterable[int]) -> Counter[str]:
        """How many of these sentences carry each task."""
        indices = list(indices)
        return Counter(
            {
                name: sum(targets[index] is not None for index in indices)
                for name, targets in self._targets.items()
            }
        )

    def inputs(self, name: str, indices: Sequence[int]) -> dict[str, Tensor]:
        """What the token indexer `name` makes of these sentences."""
        return self._indexers[name].collate([self._indices[name][index] for index in indices])

    def take_from(self, name: str, stored: Callable[[Sequence[int]], dict[str, Tensor]]) -> None:
        """From now on batches hold other tensors in place of those of a token indexer.

        `lengths` stay as they are, and with them which sentences go together.

        Args:
            name: of the token indexer.
            stored: from indices of sentences to their tensors.
        """
        self._stored[name] = stored

    def batch(self, indices: Sequence[int]) -> Batch:
        """The sentences of these indices, in this order."""
        instances = [self.instances[index] for index in indices]
        lengths = torch.tensor([self.num_tokens[index] for index in indices])
        counts = self.counts(indices)
        return Batch(
            instances=instances,
            inputs={
                name: self._stored[name](indices) if name in self._stored else self.inputs(name, indices)
                for name in self._indexers
            },
            mask=torch.arange(int(lengths.max())) < lengths.unsqueeze(1),
            labels={
                task.name: TaskLabels(
                    [instance.annotations.get(task.name) for instance in instances],
                    task.collate([self._targets[task.name][index] for index in indices], lengths.tolist()),
                )
                for task in self._tasks
                if counts[task.name]
            },
            counts=counts,
        )


def _move(tensors: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: tensor.to(device, non_blocking=True) for name, tensor in tensors.items()}
