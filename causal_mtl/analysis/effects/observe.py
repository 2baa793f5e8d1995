"""One model's predictions under all interventions that a question needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.effects.contrasts import weights_of
from causal_mtl.analysis.effects.intervene import Annotations, Interventions, label_of
from causal_mtl.analysis.effects.question import LabelQuestion
from causal_mtl.analysis.effects.units import NONE, Family
from causal_mtl.archive import Archive
from causal_mtl.data import Instance

Contrasts = Mapping[int, Mapping[int, float]]
"""For each value whose effect is wanted the weights of those that stand against it."""


@dataclass(frozen=True)
class Observed:
    """What one model predicts for the units of one family.

    Attributes:
        outcomes: by target and pair of values, of heads and of encoders, `(units, outcomes)`.
        source: p(value | X) when nothing is set, `(units, values)`.
    """

    outcomes: Mapping[str, Mapping[tuple[int, int], NDArray[np.float64]]]
    source: NDArray[np.float64]


def contrasts(family: Family, question: LabelQuestion, shares: Sequence[float] | None = None) -> Contrasts:
    """Which values stand against which, and with what weight.

    Args:
        family: of the units.
        question: says which effects are wanted.
        shares: how frequent each value of the family is (None: all alike).
    """
    found = {}
    for label in range(family.labels):
        if question.labels and family.values[label] not in question.labels:
            continue
        if question.against:
            others = [family.values.index(question.against)] if question.against in family.values else []
        else:
            others = [o for o in range(family.labels) if o != label]
            others = others or list(range(family.labels, len(family.values)))
        if others and others != [label]:
            found[label] = weights_of(label, others, shares)
    return found


def observe(
    archive: Archive,
    instances: Sequence[Instance],
    wanted: Sequence[tuple[Family, Contrasts]],
    question: LabelQuestion,
    names: Mapping[str, Sequence[str]],
) -> list[Observed]:
    """Set each unit to each value that is needed, and see what one model predicts, family by family.

    Args:
        archive: the model.
        instances: the texts.
        wanted: the families of units, each with the contrasts that are needed.
        question: what is asked.
        names: of the outcomes by target, in the order in which they are wanted.
    """
    held = Interventions(archive, (), question.batch_size).factual(instances, question.held(archive.model))
    fixed = [{**of, **_gold(one, question.given_gold)} for one, of in zip(instances, held, strict=True)]
    sources = _sources(archive, instances, [family for family, _ in wanted], question)
    return [
        Observed(_outcomes(archive, instances, family, contrasts, fixed, question, names), source)
        for (family, contrasts), source in zip(wanted, sources, strict=True)
    ]


def _outcomes(
    archive: Archive,
    instances: Sequence[Instance],
    family: Family,
    wanted: Contrasts,
    fixed: Sequence[Annotations],
    question: LabelQuestion,
    names: Mapping[str, Sequence[str]],
) -> dict[str, dict[tuple[int, int], NDArray[np.float64]]]:
    """The outcomes of one family, as `Observed` has them; `fixed` is what is set besides in each text."""
    asked = Interventions(archive, question.targets, question.batch_size)
    places = [(instances[unit.case], unit.span) for unit in family.units]

    def labels(value: int) -> list[Annotations]:
        return [{**fixed[unit.case], question.source: unit.annotations[value]} for unit in family.units]

    outcomes: dict[str, dict[tuple[int, int], NDArray[np.float64]]] = {name: {} for name in question.targets}
    for head, encoder in _pairs(wanted, split=question.split and archive.model.two_paths):
        seen = asked.outcomes(places, labels(head), None if encoder == head else labels(encoder))
        for name, found in seen.items():
            own = asked.outcome_names(name)
            outcomes[name][head, encoder] = found[:, [own.index(outcome) for outcome in names[name]]]
    return outcomes


def _sources(
    archive: Archive, instances: Sequence[Instance], families: Sequence[Family], question: LabelQuestion
) -> Iterator[NDArray[np.float64]]:
    """p(value | X) of each family when the source is not set, `(units, values)`; each place is predicted once."""
    places = dict.fromkeys((unit.case, unit.span) for family in families for unit in family.units)
    rows = {place: row for row, place in enumerate(places)}
    natural = Interventions(archive, [question.source], question.batch_size)
    predicted = natural.outcomes(
        [(instances[case], span) for case, span in places],
        [_gold(instances[case], question.given_gold) for case, _ in places],
    )[question.source]
    for family in families:
        of_units = predicted[[rows[unit.case, unit.span] for unit in family.units]]
        yield _by_value(of_units, natural.outcome_names(question.source), family)


def _gold(instance: Instance, tasks: Iterable[str]) -> Annotations:
    return {name: instance.annotations[name] for name in tasks if name in instance.annotations}


def _pairs(wanted: Contrasts, split: bool) -> Iterator[tuple[int, int]]:
    """The values of heads and of encoders that are needed, each pair once."""
    values = dict.fromkeys(wanted) | {other: None for of in wanted.values() for other in of}
    yield from ((value, value) for value in values)
    if split:
        yield from ((label, other) for label, weights in wanted.items() for other in weights)


def _by_value(predicted: NDArray[np.float64], names: Sequence[str], family: Family) -> NDArray[np.float64]:
    """p(value | X), `(units, values)`, from p(outcome | X).

    The tags of a type are added up; of labels that do not exclude each other the rest is that there is none,
    and all is made to sum to 1.
    """
    units = family.units
    if units and units[0].focus:
        holds = predicted[:, names.index(units[0].focus)]
        return np.stack([holds, 1 - holds], axis=1)
    found = np.zeros((len(predicted), len(family.values)))
    for column, name in enumerate(names):
        label = label_of(name, family.values, roles=("head",))  # where units of relations are looked at
        if label is not None:
            found[:, family.values.index(label)] += predicted[:, column]
    if NONE in family.values:
        found[:, family.values.index(NONE)] = np.maximum(0, 1 - found.sum(axis=1))
    total: NDArray[np.float64] = found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12)
    return total
