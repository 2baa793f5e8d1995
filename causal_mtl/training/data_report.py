"""What is in the data of an experiment, and what of it deserves a warning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from causal_mtl.data import Instance
from causal_mtl.data.report import Report, describe
from causal_mtl.tasks import Task
from causal_mtl.training.settings import Split


def describe_splits(
    instances: Mapping[Split, Sequence[Instance]], tasks: Iterable[Task], examples: int = 0
) -> dict[Split, Report]:
    """A report on each split; labels that the training data lacks are marked as unseen.

    Args:
        instances: by split, the training data first.
        tasks: of the model.
        examples: to keep of each split.
    """
    used = [(task.name, name, kind) for task in tasks for name, kind in task.uses().values()]
    mentions = {task: name for task, name, kind in used if kind == "spans"}
    reports: dict[Split, Report] = {}
    for split, sentences in instances.items():
        known = reports["train"].labels if split != "train" else None
        reports[split] = describe(sentences, mentions=mentions, known_labels=known, examples=examples)
    return reports


def problems(reports: Mapping[Split, Report], tasks: Iterable[Task]) -> Iterator[str]:
    """A line for everything that a person should know before trusting a score."""
    wanted = [task.name for task in tasks]
    for split, report in reports.items():
        for note, count in report.notes.most_common():
            yield f"{split} data: {note}: {count:,}"
        for name in wanted:
            if name not in report.tasks:
                yield f"{split} data: no sentence is annotated for the task {name!r}"
                continue
            task = report.tasks[name]
            total = sum(task.labels.values())
            if task.unplaced:
                yield f"{split} data: {task.unplaced:,} of {total:,} {name} are not in the text: counted as missed"
            if task.unseen:
                lost = sum(task.unseen.values())
                shown = ", ".join(label for label, _ in task.unseen.most_common(10))
                yield f"{split} data: {lost:,} of {total:,} {name} have labels that training never shows: {shown}"
