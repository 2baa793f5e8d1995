"""Decoding under constraints: labels of texts together, relations by the types of their arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Annotation, LabelAnnotation
from causal_mtl.data.label_distribution import LabelDistribution
from causal_mtl.data.loader import TaskLabels
from causal_mtl.models.constraints.joint import UNKNOWN, JointLabels, groups
from causal_mtl.models.constraints.settings import Rule, Rules
from causal_mtl.tasks import Heads, Link, TextHead


class ConstrainedDecoding:
    """What `Model.decode` asks.

    Heads of relations are told which arguments they may find; labels of texts are decoded here, all tasks of a
    group together.

    Args:
        heads: of the model, by task; those with a link that is not joint are restricted, or freed of restrictions.
        links: of the graph.
        rules: of the links that are constrained.
        labels: of each linked task, in the order of their indices.

    Raises:
        ConfigurationError: a head cannot be constrained, or constraints allow nothing, or too much to list.
    """

    def __init__(
        self, heads: Heads, links: Sequence[Link], rules: Rules, labels: Mapping[str, Sequence[str]]
    ) -> None:
        tables: dict[tuple[str, str], Tensor] = {}
        for link in links:
            if link.joint:
                if link in rules:
                    tables[link.task, link.other] = _table(link, rules[link], labels)
            else:
                heads[link.task].restrict(_all(rules[link]) if link in rules else None)
        self.heads: dict[str, TextHead] = {}
        names = [task for task in heads if any(task in pair for pair in tables)]
        for name in names:
            self.heads[name] = _text_head(name, heads)
        single = [name for name, head in self.heads.items() if head.exclusive]
        self.groups = [
            JointLabels(group, single, tables) for group in groups(_singles_first(names, single), tables)
        ]

    def decode(
        self, outputs: Mapping[str, Any], given: Mapping[str, TaskLabels | LabelDistribution]
    ) -> dict[str, list[Annotation]]:
        """The most likely consistent labels of each text, by task: of the tasks that are constrained only.

        Labels that are set are conditions; where no consistent labels go with them, the others are decoded without
        constraints. What comes out for a set task itself is of no meaning.

        Args:
            outputs: of the heads.
            given: the labels that are set, by task.
        """
        found: dict[str, list[Annotation]] = {}
        for group in self.groups:
            heads = {task: self.heads[task] for task in group.tasks}
            gains = {task: head.gains(outputs[task]).cpu() for task, head in heads.items()}
            likeliest = {task: head.likeliest(outputs[task]).cpu() for task, head in heads.items()}
            fixed = {task: _indices(given[task], head.names) for task, head in heads.items() if task in given}
            chosen = group.best(gains, likeliest, fixed)
            found |= {task: head.annotations(outputs[task], chosen[task]) for task, head in heads.items()}
        return found


def _table(link: Link, rules: Sequence[Rule], labels: Mapping[str, Sequence[str]]) -> Tensor:
    """Which labels may occur together, `(labels of the task, labels of the other)`."""
    allows = _all(rules)
    partners = link.partners(labels[link.other])
    return torch.tensor([[allows(label, partner) for partner in partners] for label in labels[link.task]])


def _all(rules: Sequence[Rule]) -> Any:
    return lambda label, partner: all(rule.allows(label, partner) for rule in rules)


def _text_head(name: str, heads: Heads) -> TextHead:
    head = heads[name]
    if not isinstance(head, TextHead):
        raise ConfigurationError(
            f"constraints: the head of {name!r} ({type(head).__name__}) is no TextHead, so that its labels cannot "
            "be decoded together with others"
        )
    return head


def _singles_first(names: Sequence[str], single: Sequence[str]) -> list[str]:
    return [*single, *(name for name in names if name not in single)]


def _indices(given: TaskLabels | LabelDistribution, names: Sequence[str]) -> list[list[int] | None]:
    """The labels that are set, as indices."""
    index = {name: i for i, name in enumerate(names)}
    return [
        [index.get(label, UNKNOWN) for label in annotation.labels]
        if isinstance(annotation, LabelAnnotation)
        else None
        for annotation in given.annotations
    ]
