"""Labels that a person gives with probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch

from causal_mtl.data import Instance, LabelAnnotation, Vocabulary
from causal_mtl.data.label_distribution import LabelDistribution
from causal_mtl.models import TaskGraph


def uncertain(instance: Instance) -> list[str]:
    """The tasks whose labels are given with probabilities."""
    return [
        name
        for name, one in instance.annotations.items()
        if isinstance(one, LabelAnnotation) and one.uncertain
    ]


def certain(instance: Instance) -> Instance:
    """The same text with only those labels that are sure."""
    out = uncertain(instance)
    kept = {name: one for name, one in instance.annotations.items() if name not in out}
    return replace(instance, annotations=kept)


def distributions(
    instances: Sequence[Instance], names: Iterable[str], tasks: TaskGraph, vocab: Vocabulary
) -> dict[str, LabelDistribution]:
    """The probabilities of these tasks' labels for a batch, in all of whose texts they are given."""
    return {
        name: LabelDistribution(
            torch.tensor([[tasks[name].distribution(instance, vocab)] for instance in instances])
        )
        for name in names
    }
