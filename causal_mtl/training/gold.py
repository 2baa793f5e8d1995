"""Gold labels that a model cannot be trained on or scored with are refused: a score of 0 would say nothing."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike

from causal_mtl.archive import Archive
from causal_mtl.common import ConfigurationError
from causal_mtl.common.text import suggestion
from causal_mtl.data import DatasetReader, Instance, Vocabulary
from causal_mtl.data.instance import labels_of
from causal_mtl.data.report import kind_of
from causal_mtl.tasks import Task

logger = logging.getLogger(__name__)


def read_gold(archive: Archive, path: str | PathLike[str], tasks: Sequence[Task]) -> list[Instance]:
    """The labelled data of a file, with the annotations of `tasks` only.

    Args:
        archive: whose reader reads it.
        path: of the file (or URL).
        tasks: all of the model, or those that shall be scored.

    Raises:
        ConfigurationError: the file cannot be read, or its gold is not that of `tasks` (see `gold_errors`).
    """
    instances = read_all(archive, path, tasks)
    left_out = {task.name for task in archive.model.tasks} - {task.name for task in tasks}
    return [
        replace(
            instance,
            annotations={name: value for name, value in instance.annotations.items() if name not in left_out},
        )
        for instance in instances
    ]


def read_all(archive: Archive, path: str | PathLike[str], tasks: Sequence[Task] = ()) -> list[Instance]:
    """As `read_gold`, with the annotations of all tasks."""
    instances = list(archive.reader.read(path))
    if warning := may_be_part(archive.reader, instances):
        logger.warning("%s: %s", path, warning)
    check_gold(instances, tasks, str(path))
    return instances


def may_be_part(reader: DatasetReader, instances: Sequence[Instance]) -> str:
    """What to say of data that the reader may have read in part only; "" if it reads all."""
    limit = reader.max_instances
    if not reader.part and (limit is None or len(instances) < limit):
        return ""
    why = "`part` or `max_instances` of the model's reader may leave out others"
    return f"{len(instances)} sentences are read: {why}"


def check_gold(instances: Sequence[Instance], tasks: Iterable[Task], source: str) -> None:
    """Raise a `ConfigurationError` with all `gold_errors`."""
    if errors := list(gold_errors(instances, tasks, source)):
        raise ConfigurationError("\n".join(errors))


def gold_errors(
    instances: Sequence[Instance], tasks: Iterable[Task], source: str, *, training: bool = False
) -> Iterator[str]:
    """A line for each task that the data has no gold for, or gold of another kind.

    Args:
        instances: all of the data.
        tasks: each must be annotated in one sentence at least.
        source: of the data, which each line begins with.
        training: each task must have a label somewhere, too.
    """
    for task in tasks:
        found = [
            (n, i.annotations[task.name]) for n, i in enumerate(instances, 1) if task.name in i.annotations
        ]
        if not found:
            there = _what_there_is(instances, task)
            yield f"{source}: no sentence is annotated for the task {task.name!r} {there}"
            continue
        wrong = next(((n, kind_of(a)) for n, a in found if kind_of(a) != task.yields), None)
        if task.yields and wrong:
            yield (
                f"{source}: sentence {wrong[0]} ({_shortened(instances[wrong[0] - 1].text)!r}): the annotation of "
                f"{task.name!r} holds {wrong[1]}, but the task needs {task.yields}"
            )
        elif training and not any(labels_of(annotation) for _, annotation in found):
            yield f"{source}: the {len(found):,} annotations of {task.name!r} are all empty: nothing can be learnt"


def missing_labels(
    instances: Iterable[Instance], tasks: Iterable[Task], vocab: Vocabulary, source: str
) -> Iterator[str]:
    """A line for each task with labels that the vocabulary lacks, so that they are not learnt.

    Raises:
        ConfigurationError: a task has no label left.
    """
    instances = list(instances)
    for task in tasks:
        counts = _counts(instances, task)
        if not counts and _placed(instances, task):  # labels that need no index, such as numbers
            continue
        lost = Counter(
            {label: n for label, n in counts.items() if not vocab.has_token(label, task.namespace)}
        )
        if len(lost) == len(counts):
            why = (
                "the vocabulary leaves out all that there are (see vocabulary.min_count and max_vocab_size)"
                if counts
                else f"no {task.yields or 'label'} could be placed in the text"
            )
            raise ConfigurationError(f"{source}: the task {task.name!r} has no label to learn: {why}")
        if lost:
            shown = ", ".join(f"{label} {n:,}" for label, n in lost.most_common(10))
            yield (
                f"{source}: {sum(lost.values()):,} of {sum(counts.values()):,} {task.name} have labels that the "
                f"vocabulary leaves out (see vocabulary.min_count): {shown}"
            )


def _counts(instances: Iterable[Instance], task: Task) -> Counter[str]:
    """How often each label of `task` is there to be learnt."""
    counter: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for instance in instances:
        task.count_vocab_items(instance, counter)
    return Counter(counter[task.namespace])


def _placed(instances: Iterable[Instance], task: Task) -> bool:
    """Whether any gold of `task` could be placed in its text."""
    annotations = [i.annotations[task.name] for i in instances if task.name in i.annotations]
    return any(len(labels_of(a)) > len(getattr(a, "unplaced", ())) for a in annotations)


def _what_there_is(instances: Iterable[Instance], task: Task) -> str:
    names = list(dict.fromkeys(name for instance in instances for name in instance.annotations))
    return f"(annotated: {', '.join(names) or 'nothing'}{suggestion(task.name, names)})"


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + " …"
