"""Parts of a batch: some of its texts, or less of its gold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import torch

from causal_mtl.data.loader import Batch, TaskLabels
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.tasks import Task


def without_gold(batch: Batch, task: Task, left_out: Sequence[bool], vocab: Vocabulary) -> Batch:
    """The batch without the gold of one task in some of its texts.

    Its counts are as before: the texts still are part of the step that their losses are averaged over.
    """
    if task.name not in batch.labels or not any(left_out):
        return batch
    known = batch.labels[task.name].annotations
    kept = [None if left else one for one, left in zip(known, left_out, strict=True)]
    labels = {name: of_task for name, of_task in batch.labels.items() if name != task.name}
    if any(one is not None for one in kept):
        labels[task.name] = _collated(batch, task, kept, vocab)
    order = [name for name in batch.labels if name in labels]
    return replace(batch, labels={name: labels[name] for name in order})


def some_texts(batch: Batch, rows: Sequence[int], tasks: Sequence[Task], vocab: Vocabulary) -> Batch:
    """Some texts of a batch, padded as they were."""
    chosen = torch.tensor(rows, device=batch.mask.device)
    part = replace(
        batch,
        instances=[batch.instances[row] for row in rows],
        inputs={
            name: {key: tensor[chosen] for key, tensor in tensors.items()}
            for name, tensors in batch.inputs.items()
        },
        mask=batch.mask[chosen],
        labels={},
        counts=Counter(),
    )
    for task in tasks:
        if task.name in batch.labels:
            known = [batch.labels[task.name].annotations[row] for row in rows]
            part.counts[task.name] = sum(one is not None for one in known)
            if part.counts[task.name]:
                part.labels[task.name] = _collated(part, task, known, vocab)
    return part


def _collated(batch: Batch, task: Task, annotations: Sequence, vocab: Vocabulary) -> TaskLabels:
    """The gold of those texts of `batch` whose annotation is not None."""
    targets = [
        None if annotation is None else task.targets(instance, vocab)
        for instance, annotation in zip(batch.instances, annotations, strict=True)
    ]
    lengths = [batch.mask.shape[1]] * len(batch)  # padded as the batch is
    return TaskLabels(annotations, task.collate(targets, lengths)).to(batch.mask.device)
