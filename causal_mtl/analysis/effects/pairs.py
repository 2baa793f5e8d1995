"""Pairs of texts of which one is a human edit of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Instance, LabelAnnotation
from causal_mtl.models import Model

Which = Literal["all", "originals"]
ORIGINAL, EDITED = "original_id", "edited_task"
"""Keys of the metadata: what all versions of a text share, and the task whose label an edit was to change."""


@dataclass(frozen=True)
class Pair:
    """Two versions of a text, which differ in the label of one task.

    Attributes:
        case: index of the first text with the same "original_id": pairs of one case are not independent.
        base: index of the text that is explained.
        edited: index of the text that it is compared with.
        task: whose label differs.
        before: its label in the base.
        after: its label in the other text.
    """

    case: int
    base: int
    edited: int
    task: str
    before: str
    after: str


def find_pairs(
    instances: Sequence[Instance], model: Model, which: Which
) -> tuple[list[Pair], dict[str, int]]:
    """The pairs, and how many are left out for what reason.

    All versions of a text share the metadata "original_id"; an edit has "edited_task" besides. Left out are pairs
    in which the task has no label in one of the texts, or the same in both.

    Args:
        instances: with gold and metadata.
        model: has the tasks that edits name.
        which: "all": from original to edit, from edit to original, and from edit to edit of the same task, as
            CEBaB does; "originals": from original to edit only.

    Raises:
        ConfigurationError: there are no pairs, or an edit names a task that the model lacks, or one that does
            not have exactly one label per text.
    """
    found: list[Pair] = []
    left_out: Counter[str] = Counter()
    for members in _versions(instances):
        for base, edited, task in _ordered(instances, members, which):
            _check_task(task, model)
            before, after = _label(instances[base], task), _label(instances[edited], task)
            if before is None or after is None:
                left_out["a text without a label"] += 1
            elif before == after:
                left_out["the same label in both texts"] += 1
            else:
                found.append(Pair(members[0], base, edited, task, before, after))
    if not found:
        raise ConfigurationError(
            "the data has no pairs of texts to compare: versions of a text share the key 'original_id', edits "
            f"name under 'edited_task' the task whose label they change (left out: {dict(left_out) or 'none'})"
        )
    return found, dict(left_out)


def _versions(instances: Sequence[Instance]) -> list[list[int]]:
    """The indices of the versions of each text, in the order of the data."""
    found: dict[str, list[int]] = {}
    for index, instance in enumerate(instances):
        if ORIGINAL in instance.metadata:
            found.setdefault(str(instance.metadata[ORIGINAL]), []).append(index)
    return list(found.values())


def _ordered(
    instances: Sequence[Instance], members: Sequence[int], which: Which
) -> Iterator[tuple[int, int, str]]:
    """Base, the other text and the task, of all pairs of one text's versions."""
    tasks = {index: instances[index].metadata.get(EDITED) for index in members}
    for base in members:
        for edited in members:
            before, after = tasks[base], tasks[edited]
            if base == edited or not (before or after):
                continue
            if not before or (which == "all" and after in (None, before)):
                yield base, edited, str(after or before)


def _label(instance: Instance, task: str) -> str | None:
    gold = instance.annotations.get(task)
    return gold.labels[0] if isinstance(gold, LabelAnnotation) and gold.labels else None


def _check_task(name: str, model: Model) -> None:
    model.tasks.check_names([name], "'edited_task'")
    task = model.tasks[name]
    if task.yields != "labels" or not task.exclusive:
        raise ConfigurationError(f"'edited_task': the task {name!r} does not have exactly one label per text")
