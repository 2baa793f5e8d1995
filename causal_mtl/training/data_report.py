"""What is in the data of an experiment, and what of it deserves a warning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from causal_mtl.common.text import suggestion
from causal_mtl.data import Instance, Vocabulary
from causal_mtl.data.report import Report, TaskReport, describe
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
    mentions = _mentions(tasks)
    reports: dict[Split, Report] = {}
    for split, sentences in instances.items():
        known = reports["train"].labels if split != "train" else None
        reports[split] = describe(sentences, mentions=mentions, known_labels=known, examples=examples)
    return reports


def describe_for_model(instances: Iterable[Instance], tasks: Sequence[Task], vocab: Vocabulary) -> Report:
    """A report on data for a trained model; labels that it does not know are marked as unseen."""
    known = {task.name: set(task.label_names(vocab)) for task in tasks}
    return describe(instances, mentions=_mentions(tasks), known_labels=known, examples=0)


def problems(report: Report, tasks: Iterable[Task], source: str) -> Iterator[str]:
    """A line for everything that a person should know before trusting a score.

    Args:
        report: on the data.
        tasks: of the model, all annotated somewhere in the data.
        source: of the data, which each line begins with.
    """
    for note, count in report.notes.most_common():
        yield f"{source}: {note}: {count:,}"
    tasks = list(tasks)
    names = [task.name for task in tasks]
    for name, other in report.tasks.items():
        if name not in names:
            near = suggestion(name, names)
            yield f"{source}: {name!r}, annotated in {other.sentences:,} sentences, is no task of the model{near}"
    flat = {task.name for task in tasks if not task.holds_overlaps}
    for task in tasks:
        if task.name in report.tasks:
            used = {name for name, kind in task.uses().values() if kind == "spans"}
            is_flat = bool(flat & {task.name, *used})
            for line in _problems_of(task.name, report.tasks[task.name], report.sentences, is_flat):
                yield f"{source}: {line}"


def _problems_of(name: str, task: TaskReport, sentences: int, is_flat: bool) -> Iterator[str]:
    total = sum(task.labels.values())
    if task.sentences < sentences:
        yield f"{sentences - task.sentences:,} of {sentences:,} sentences are not annotated for {name!r}"
    if not total:
        yield f"no sentence has any {name}: recall and F1 cannot be told from 0"
    if task.unplaced:
        yield f"{task.unplaced:,} of {total:,} {name} could not be placed in the text: counted as missed"
    if task.overlapping and is_flat:
        yield (
            f"{task.overlapping:,} of {total:,} {name} are lost to flat tags, which cannot hold mentions that "
            "overlap (a task `span_classification` can): counted as missed"
        )
    if task.unseen:
        lost = sum(task.unseen.values())
        shown = ", ".join(label for label, _ in task.unseen.most_common(10))
        yield f"{lost:,} of {total:,} {name} have labels that training never shows: {shown}"


def _mentions(tasks: Iterable[Task]) -> dict[str, str]:
    """The task whose spans each task of relations stands between."""
    used = [(task.name, name, kind) for task in tasks for name, kind in task.uses().values()]
    return {task: name for task, name, kind in used if kind == "spans"}
