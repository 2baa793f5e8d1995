"""The effects of the labels of one task on those of another, over models of several seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from os import PathLike
from typing import Any

import numpy as np

from causal_mtl.analysis.effects.estimate import Estimated, estimate
from causal_mtl.analysis.effects.intervals import Bootstrap, sample_warnings, seed_warnings
from causal_mtl.analysis.effects.models import is_resampled, one_by_one
from causal_mtl.analysis.effects.observe import Observed, contrasts, observe
from causal_mtl.analysis.effects.overlap import overlap
from causal_mtl.analysis.effects.question import LabelQuestion
from causal_mtl.analysis.effects.units import NONE, Family, families
from causal_mtl.archive import Archive, Device, load_archive
from causal_mtl.common import ConfigurationError
from causal_mtl.tasks import Task
from causal_mtl.training.gold import read_all


def label_effects(
    archives: Sequence[str | PathLike[str]],
    data: str,
    question: LabelQuestion,
    *,
    frequencies_from: str | None = None,
    device: Device = "cpu",
) -> dict[str, Any]:
    """Estimate by equation 10 what the labels of one task do to the predictions of another.

    Args:
        archives: models with the same task graph and labels, such as seeds of one configuration.
        data: texts, read as the first model's reader reads them; gold of the source says which mentions
            there are, and which units have which label.
        question: what is asked.
        frequencies_from: labelled data to count the labels of the source in (None: `data`).
        device: of the models.

    Returns:
        The report (docs/causal-effects.md).

    Raises:
        ConfigurationError: a model cannot be asked this, the models do not fit together, or gold that is needed is
            not there.
    """
    first = load_archive(archives[0], device=device)
    question.check(first.model)
    source = first.model.tasks[question.source]
    labels = source.label_names(first.vocab)
    _check_labels(question, source, labels)
    needed = [first.model.tasks[name] for name in question.given_gold]
    if question.weights == "frequency" and not frequencies_from:
        needed.append(source)
    instances = read_all(first, data, needed)
    found = families(instances, source, labels)
    counted = (
        families(read_all(first, frequencies_from, [source]), source, labels) if frequencies_from else found
    )
    wanted = [
        (family, contrasts(family, question, _shares(other) if question.weights == "frequency" else None))
        for family, other in zip(found, counted, strict=True)
    ]
    if not any(pairs for _, pairs in wanted):
        option = "--against" if question.against else "--source"
        raise ConfigurationError(f"{option}: no label of {source.name!r} has another to stand against")
    names = _outcomes(first, question)
    _check_nulls(question, names)
    observed: list[list[Observed]] = []
    for path, archive in one_by_one(first, archives, device):
        _check_alike(archive, question, labels, names, path)
        observed.append(observe(archive, instances, wanted, question, names))
    result = Estimated(Bootstrap(question.samples, question.seed, is_resampled(first)))
    for number, (family, pairs) in enumerate(wanted):
        estimate(family, pairs, [one[number] for one in observed], names, question, result)
    result.judge(question.fdr)
    return {
        "question": asdict(question),
        "models": [str(path) for path in archives],
        "data": data,
        "resampled": result.bootstrap.resampled,
        "texts": len(instances),
        **_of_units(found, observed, question, len(result.effects)),
        "paths": list(result.effects[0].paths) if result.effects else [],
        "left_out": result.left_out,
        "effects": [asdict(effect) for effect in result.effects],
        "known_nulls": [asdict(effect) for effect in result.nulls],
    }


def _of_units(
    found: Sequence[Family], observed: Sequence[Sequence[Observed]], question: LabelQuestion, effects: int
) -> dict[str, Any]:
    """What the report says of the units: how many, how far the texts leave their labels open, and warnings."""
    overlaps = [
        overlap(np.concatenate([of_model[number].source for of_model in observed]), family.values)
        for number, family in enumerate(found)
    ]
    units = [unit for family in found for unit in family.units]
    skipped = sum(family.skipped for family in found)
    warnings = [
        text
        for one, family in zip(overlaps, found, strict=True)
        if (text := one.warning(_what(family, question)))
    ]
    return {
        "units": len(units),
        "units_without_gold": sum(unit.factual is None for unit in units),
        "units_left_out": skipped,
        "overlap": [one.as_json() for one in overlaps],
        "warnings": [
            *warnings,
            *_skipped_warnings(skipped, question.source),
            *seed_warnings(len(observed)),
            *sample_warnings(effects, question.samples, question.fdr),
        ],
    }


def _skipped_warnings(skipped: int, source: str) -> list[str]:
    why = "others stand at the same place, so that none can be set by itself"
    return [f"{skipped} of the gold of {source!r} are left out: {why}"] if skipped else []


def _what(family: Family, question: LabelQuestion) -> str:
    focus = family.units[0].focus if family.units else ""
    return f"{question.source}: {focus}" if focus else question.source


def _outcomes(archive: Archive, question: LabelQuestion) -> dict[str, list[str]]:
    return {name: archive.model.tasks[name].outcome_names(archive.vocab) for name in question.targets}


def _shares(family: Family) -> list[float]:
    """How frequent each value is in gold."""
    counts = Counter(unit.factual for unit in family.units)
    return [float(counts[value]) for value in range(len(family.values))]


def _check_labels(question: LabelQuestion, source: Task, labels: Sequence[str]) -> None:
    if question.against and source.yields == "labels" and not source.exclusive:
        raise ConfigurationError(
            f"--against: labels of {source.name!r} do not exclude each other: each stands against its own absence"
        )
    others = labels if source.yields == "labels" else [*labels, NONE]
    for option, named, known in (
        ("--labels", question.labels, labels),
        ("--against", [question.against] if question.against else [], others),
    ):
        for label in named:
            if label not in known:
                raise ConfigurationError(
                    f"{option}: the task {source.name!r} has no label {label!r} (labels: {', '.join(known)})"
                )


def _check_nulls(question: LabelQuestion, names: Mapping[str, Sequence[str]]) -> None:
    for task, outcome in question.nulls:
        if outcome and outcome not in names[task]:
            raise ConfigurationError(
                f"--known-null: {task!r} has no outcome {outcome!r} (outcomes: {', '.join(names[task])})"
            )


def _check_alike(
    archive: Archive,
    question: LabelQuestion,
    labels: Sequence[str],
    names: Mapping[str, Sequence[str]],
    path: str,
) -> None:
    """All models must have the same labels, in whatever order."""
    question.check(archive.model)
    own = {
        **_outcomes(archive, question),
        "": archive.model.tasks[question.source].label_names(archive.vocab),
    }
    for name, others in {**names, "": labels}.items():
        if different := sorted(set(own[name]) ^ set(others)):
            raise ConfigurationError(
                f"{path}: {name or question.source!r} has other labels than in the first model: "
                f"{', '.join(different)}"
            )
