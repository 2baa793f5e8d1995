"""Whether setting a label says what a model does where a person edits the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.effects.faithfulness import as_numbers, scores
from causal_mtl.analysis.effects.intervals import Bootstrap, seed_warnings
from causal_mtl.analysis.effects.intervene import Annotations, Interventions
from causal_mtl.analysis.effects.models import is_resampled, one_by_one
from causal_mtl.analysis.effects.pairs import Pair, Which, find_pairs
from causal_mtl.archive import Archive, Device, load_archive
from causal_mtl.common import ConfigurationError
from causal_mtl.data import Instance, LabelAnnotation
from causal_mtl.training.gold import read_all

Changes = Mapping[str, NDArray[np.float64]]
"""Of each pair the "actual" change and what is "said", `(pairs, outcomes)`."""


@dataclass(frozen=True)
class EditQuestion:
    """Which pairs, and what is looked at.

    Attributes:
        target: the task whose predictions are looked at.
        pairs: "all" pairs, as CEBaB does, or from "originals" to edits only.
        samples: of the bootstrap.
        seed: of the bootstrap.
        batch_size: sentences at a time.
    """

    target: str
    pairs: Which = "all"
    samples: int = 2000
    seed: int = 0
    batch_size: int = 32


def edit_effects(
    archives: Sequence[str | PathLike[str]], data: str, question: EditQuestion, *, device: Device = "cpu"
) -> dict[str, Any]:
    """Compare what models do on edited texts with what setting the edited label says that they will do.

    Of a text X, its edited version X' and the label a' that the edited task has there: p(b | X') − p(b | X) is
    what the model does, p(b | X, do(a')) − p(b | X) what setting the label says. No other label is set, and
    that of X is not either: as in CEBaB's S-learner, all but a' is predicted.

    Args:
        archives: models with the same tasks and labels, such as seeds of one configuration.
        data: texts with edits (`find_pairs`), read as the first model's reader reads them.
        question: what is asked.
        device: of the models.

    Returns:
        The report (docs/causal-effects.md).

    Raises:
        ConfigurationError: a model cannot be asked this, the models do not fit together, or there are no pairs.
    """
    first = load_archive(archives[0], device=device)
    first.model.tasks.check_names([question.target], "--target")
    instances = read_all(first, data)
    pairs, left_out = find_pairs(instances, first.model, question.pairs)
    names = first.model.tasks[question.target].outcome_names(first.vocab)
    changes: list[Changes] = []
    for path, archive in one_by_one(first, archives, device):
        _check_alike(archive, question.target, pairs, names, path)
        changes.append(_changes(archive, instances, pairs, names, question))
    bootstrap = Bootstrap(question.samples, question.seed, is_resampled(first))
    return {
        "question": asdict(question),
        "models": [str(path) for path in archives],
        "data": data,
        "resampled": bootstrap.resampled,
        "pairs": len(pairs),
        "originals": len({pair.case for pair in pairs}),
        "left_out": left_out,
        "warnings": seed_warnings(len(archives)),
        **_report(pairs, changes, names, bootstrap),
    }


def _changes(
    archive: Archive,
    instances: Sequence[Instance],
    pairs: Sequence[Pair],
    names: Sequence[str],
    question: EditQuestion,
) -> Changes:
    """What one model does, and what setting labels says; every text and every label of it is predicted once."""
    asked = Interventions(archive, [question.target], question.batch_size)
    texts = list(dict.fromkeys(index for pair in pairs for index in (pair.base, pair.edited)))
    set_ = list(dict.fromkeys((pair.base, pair.task, pair.after) for pair in pairs))
    places = [(instances[index], None) for index in [*texts, *(base for base, _, _ in set_)]]
    labels: list[Annotations] = [{}] * len(texts) + [
        {task: LabelAnnotation((label,))} for _, task, label in set_
    ]
    found = asked.outcomes(places, labels)[question.target]
    own = asked.outcome_names(question.target)
    found = found[:, [own.index(name) for name in names]]
    of_text = {index: found[row] for row, index in enumerate(texts)}
    of_label = {key: found[len(texts) + row] for row, key in enumerate(set_)}
    return {
        "actual": np.stack([of_text[pair.edited] - of_text[pair.base] for pair in pairs]),
        "said": np.stack([of_label[pair.base, pair.task, pair.after] - of_text[pair.base] for pair in pairs]),
    }


def _report(
    pairs: Sequence[Pair], changes: Sequence[Changes], names: Sequence[str], bootstrap: Bootstrap
) -> dict[str, Any]:
    """Errors of all pairs and of each task's; and how the expected value changes, by task and labels."""
    numbers = as_numbers(names)
    by_model = [_errors(one, numbers) for one in changes]
    tasks = dict.fromkeys(pair.task for pair in pairs)
    report: dict[str, Any] = {
        "scores": _averages(by_model, pairs, range(len(pairs)), bootstrap),
        "by_task": {
            task: _averages(
                by_model, pairs, [i for i, pair in enumerate(pairs) if pair.task == task], bootstrap
            )
            for task in tasks
        },
    }
    if numbers is not None:
        moved = [{key: of @ numbers for key, of in one.items()} for one in changes]
        kinds = dict.fromkeys((pair.task, pair.before, pair.after) for pair in pairs)
        report["changes"] = [_moved(moved, pairs, kind, bootstrap) for kind in kinds]
    return report


def _errors(changes: Changes, numbers: NDArray[np.float64] | None) -> dict[str, NDArray[np.float64]]:
    """Of one model: of what is said, of saying that nothing changes, and what lies between, by both names."""
    actual, said = changes["actual"], changes["said"]
    explained = scores(actual, said, numbers)
    nothing = scores(actual, np.zeros_like(actual), numbers)
    return {
        **{f"set label/{name}": of for name, of in explained.items()},
        **{f"no effect/{name}": of for name, of in nothing.items()},
        **{f"difference/{name}": of - nothing[name] for name, of in explained.items()},
    }


def _averages(
    by_model: Sequence[Mapping[str, NDArray[np.float64]]],
    pairs: Sequence[Pair],
    chosen: Sequence[int],
    bootstrap: Bootstrap,
) -> dict[str, Any]:
    """Means over these pairs with intervals: by explanation, then by error."""
    columns = list(by_model[0])
    values = np.stack([np.column_stack([one[name][list(chosen)] for name in columns]) for one in by_model])
    means = _means(values, pairs, chosen, bootstrap)
    found: dict[str, Any] = {"pairs": len(chosen)}
    for name, mean in zip(columns, means, strict=True):
        explanation, error = name.split("/")
        found.setdefault(explanation, {})[error] = mean
    return found


def _moved(
    moved: Sequence[Mapping[str, NDArray[np.float64]]],
    pairs: Sequence[Pair],
    kind: tuple[str, str, str],
    bootstrap: Bootstrap,
) -> dict[str, Any]:
    """How the expected value changes where a label becomes another, and how it is said to."""
    chosen = [i for i, pair in enumerate(pairs) if (pair.task, pair.before, pair.after) == kind]
    values = np.stack([np.column_stack([one["actual"][chosen], one["said"][chosen]]) for one in moved])
    actual, said = _means(values, pairs, chosen, bootstrap)
    return {
        **dict(zip(("task", "before", "after"), kind, strict=True)),
        "pairs": len(chosen),
        "actual": actual,
        "said": said,
    }


def _means(
    values: NDArray[np.float64], pairs: Sequence[Pair], chosen: Sequence[int], bootstrap: Bootstrap
) -> list[dict[str, Any]]:
    """Of each quantity of `(models, pairs, quantities)`: mean, ends of the 95% interval, mean of each model."""
    found = bootstrap.means(values, [pairs[i].case for i in chosen])
    models = values.mean(axis=1)
    return [
        {
            "mean": float(found.mean[column]),
            **found.interval(column),
            "by_model": [float(value) for value in models[:, column]],
        }
        for column in range(values.shape[2])
    ]


def _check_alike(
    archive: Archive, target: str, pairs: Sequence[Pair], names: Sequence[str], path: str
) -> None:
    """The model has the labels that are set, they reach the target, and it has the outcomes of the first model."""
    model = archive.model
    model.tasks.check_names([target], "--target")
    for task in dict.fromkeys(pair.task for pair in pairs):
        if task not in model.tasks or target not in model.reached_from(task):
            raise ConfigurationError(
                f"{path}: labels of {task!r} do not reach {target!r} in this model, so setting them says nothing"
            )
        known = model.tasks[task].label_names(archive.vocab)
        for label in sorted({pair.after for pair in pairs if pair.task == task} - set(known)):
            raise ConfigurationError(f"{path}: {task!r} has no label {label!r} (labels: {', '.join(known)})")
    if different := sorted(set(model.tasks[target].outcome_names(archive.vocab)) ^ set(names)):
        raise ConfigurationError(
            f"{path}: {target!r} has other labels than in the first model: {', '.join(different)}"
        )
