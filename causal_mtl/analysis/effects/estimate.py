"""From predictions under interventions to effects with intervals: averages over units and models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_mtl.analysis.effects.contrasts import unit_effects
from causal_mtl.analysis.effects.intervals import Bootstrap, benjamini_hochberg
from causal_mtl.analysis.effects.observe import Contrasts, Observed
from causal_mtl.analysis.effects.question import LabelQuestion
from causal_mtl.analysis.effects.units import Family
from causal_mtl.common import ConfigurationError

EXPECTED = "(expected value)"
"""The outcome that is the mean of outcomes which are numbers."""
POPULATIONS = ("labelled", "all")
"""Units that gold gives the label, and all units."""


@dataclass
class Effect:
    """The effect of one label on one outcome in one population.

    Attributes:
        label: that is set.
        against: the weights of the values that it stands against.
        target: task of the outcome.
        outcome: whose probability is looked at.
        population: "labelled" (units that have the label in gold) or "all".
        units: how many.
        cases: how many texts they are of.
        paths: mean, low and high end of the 95% interval (None: there is one case), by path.
        by_model: the mean of each model alone.
        p: two-sided, of no total effect.
        q: `p` adjusted for the number of effects (None: an effect that is known to be none).
        found: whether `q` is small enough.
        above_null: whether it is larger than all that are known to be none (None: none are known).
    """

    label: str
    against: dict[str, float]
    target: str
    outcome: str
    population: str
    units: int
    cases: int
    paths: dict[str, dict[str, Any]]
    by_model: list[float]
    p: float
    q: float | None = None
    found: bool = False
    above_null: bool | None = None

    @property
    def total(self) -> float:
        """The mean total effect."""
        return self.paths["total"]["effect"]


@dataclass
class Estimated:
    """All effects.

    Attributes:
        bootstrap: makes the intervals.
        effects: on the target.
        nulls: on what is known to be unaffected.
        left_out: labels with too few cases, and how many they have.
    """

    bootstrap: Bootstrap
    effects: list[Effect] = field(default_factory=list)
    nulls: list[Effect] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def judge(self, fdr: float) -> None:
        """Say which effects are found, among all of them, and which are above those that are known to be none."""
        largest = {
            population: max((abs(e.total) for e in self.nulls if e.population == population), default=None)
            for population in POPULATIONS
        }
        for effect, q in zip(self.effects, benjamini_hochberg([e.p for e in self.effects]), strict=True):
            effect.q, effect.found = q, q < fdr
            null = largest[effect.population]
            effect.above_null = None if null is None else abs(effect.total) > null


def estimate(
    family: Family,
    wanted: Contrasts,
    observed: Sequence[Observed],
    names: Mapping[str, Sequence[str]],
    question: LabelQuestion,
    result: Estimated,
) -> None:
    """Add the effects of one family to `result`.

    Args:
        family: the units.
        wanted: the contrasts.
        observed: by each model.
        names: of the outcomes, by target.
        question: what is asked.
        result: gets them.

    Raises:
        ConfigurationError: outcomes that should be numbers are none.
    """
    factual = [unit.factual for unit in family.units]
    for label, weights in wanted.items():
        rows = [index for index, one in enumerate(factual) if one == label]
        known = any(one is not None for one in factual)
        support = len({family.units[row].case for row in (rows if known else range(len(factual)))})
        if support < question.min_support:
            result.left_out[family.values[label]] = support
            continue
        for target in question.targets:
            outcomes = [
                *names[target],
                *([EXPECTED] if question.expected and target == question.target else []),
            ]
            by_model = [
                unit_effects(_with_expected(one.outcomes[target], names[target], outcomes), label, weights)
                for one in observed
            ]
            for population, chosen in (("labelled", rows), ("all", list(range(len(factual))))):
                if not chosen:
                    continue
                found = _effects(
                    family, label, weights, target, outcomes, by_model, population, chosen, result.bootstrap
                )
                for effect in found:
                    _file(effect, question, result)


def _file(effect: Effect, question: LabelQuestion, result: Estimated) -> None:
    null = any(effect.target == task and outcome in ("", effect.outcome) for task, outcome in question.nulls)
    if null:
        result.nulls.append(effect)
    elif effect.target == question.target:
        result.effects.append(effect)


def _effects(
    family: Family,
    label: int,
    weights: Mapping[int, float],
    target: str,
    outcomes: Sequence[str],
    by_model: Sequence[Mapping[str, NDArray[np.float64]]],
    population: str,
    chosen: Sequence[int],
    bootstrap: Bootstrap,
) -> list[Effect]:
    """The effects of one label on all outcomes of a target in one population."""
    paths = list(by_model[0])
    values = np.stack([np.concatenate([one[path][chosen] for path in paths], axis=1) for one in by_model])
    cases = [family.units[row].case for row in chosen]
    found = bootstrap.means(values, cases)
    models = values.mean(axis=1)
    effects = []
    for column, outcome in enumerate(outcomes):
        at = {path: number * len(outcomes) + column for number, path in enumerate(paths)}
        effects.append(
            Effect(
                family.values[label],
                {family.values[other]: weight for other, weight in weights.items()},
                target,
                outcome,
                population,
                len(chosen),
                len(set(cases)),
                {
                    path: {"effect": float(found.mean[index]), **found.interval(index)}
                    for path, index in at.items()
                },
                [float(value) for value in models[:, at["total"]]],
                float(found.p[at["total"]]),
            )
        )
    return effects


def _with_expected(
    outcomes: Mapping[tuple[int, int], NDArray[np.float64]], names: Sequence[str], wanted: Sequence[str]
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """With a column of the expected value, if it is wanted."""
    if EXPECTED not in wanted:
        return dict(outcomes)
    try:
        numbers = np.array([float(name) for name in names])
    except ValueError as error:
        raise ConfigurationError(f"--expected: the labels of the target are no numbers: {error}") from None
    return {pair: np.column_stack([found, found @ numbers]) for pair, found in outcomes.items()}
