"""What can be drawn: anything that trainings log, by the name that `tabulate` and the logs give it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from causal_mtl.analysis.run import FinishedRun
from causal_mtl.analysis.scores import mean_and_sd, scores
from causal_mtl.common import ConfigurationError
from causal_mtl.common.text import suggestion

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_IN_WORDS = {
    "loss": "loss per sentence",
    "early": "early loss per sentence",
    "kl": "KL (nats per sentence)",
    "sigma": "mean σ",
}


def in_words(quantity: str, run: FinishedRun) -> str:
    """What stands at an axis, with its unit; `run` is one of those that are drawn."""
    last = quantity.rpartition("/")[2]
    words = last.replace("_", " ").replace("f1", "F1")
    return f"{words} × 100" if is_percent(run, quantity) else _IN_WORDS.get(last, words)


def is_percent(run: FinishedRun, quantity: str) -> bool:
    """Whether the quantity is drawn × 100, as its metric says; others are drawn as they are logged."""
    return run.measure(quantity.removeprefix("training_")).percent


def scale(run: FinishedRun, quantity: str) -> int:
    """What logged values are multiplied by."""
    return 100 if is_percent(run, quantity) else 1


def as_text(quantity: str, seeds: Sequence[float], run: FinishedRun) -> str:
    """The mean of drawn values, ± their sample sd if there are several; with as many digits as in tables."""
    return mean_and_sd(seeds, times=1, places=".1f" if is_percent(run, quantity) else ".3g")


def value_of(run: FinishedRun, quantity: str) -> float:
    """Of the finished training, as it is drawn.

    Args:
        run: finished.
        quantity: such as "relations/exact_f1" or "relations/kl", of validation data and the best weights; or
            "training_relations/kl", of the last epoch.

    Raises:
        ConfigurationError: it was not logged.
    """
    if not quantity.startswith("training_"):
        return scale(run, quantity) * scores(run, quantity)[-1]
    if quantity not in run.metrics:
        raise ConfigurationError(
            f"{run.source}: no {quantity!r} was logged{suggestion(quantity, run.metrics)}"
        )
    return scale(run, quantity) * run.metrics[quantity]


def curve_of(run: FinishedRun, quantity: str) -> list[float]:
    """Of each epoch, as it is drawn; NaN where it was not logged.

    Args:
        run: finished.
        quantity: as for `value_of`.

    Raises:
        ConfigurationError: it was not logged, or the run was exported without its curves.
    """
    if not run.curves:
        raise ConfigurationError(
            f"{run.source}: it was exported before exports held curves; "
            "export it again from the directories of the trainings"
            if run.exported
            else f"{run.source}: it has no metrics.jsonl to draw curves from"
        )
    logged = quantity if quantity.startswith("training_") else f"validation_{quantity}"
    if logged not in run.curves:
        raise ConfigurationError(f"{run.source}: no {logged!r} was logged{suggestion(logged, run.curves)}")
    return [float("nan") if value is None else scale(run, quantity) * value for value in run.curves[logged]]


def read(
    runs: Mapping[_Key, Sequence[FinishedRun]],
    quantity: str,
    of: Callable[[FinishedRun, str], _Value],
    needed: bool,
) -> dict[_Key, list[_Value]]:
    """`of` all runs, group by group.

    Args:
        runs: by whatever groups them.
        quantity: to be read.
        of: `value_of` or `curve_of`.
        needed: each group must have it; else groups that do not are left out, as long as one has.

    Raises:
        ConfigurationError: it was not logged.
    """
    found: dict[_Key, list[_Value]] = {}
    problem: ConfigurationError | None = None
    for key, group in runs.items():
        try:
            found[key] = [of(run, quantity) for run in group]
        except ConfigurationError as error:
            problem = error
            if needed:
                break
    if problem and (needed or not found):
        raise problem
    return found
