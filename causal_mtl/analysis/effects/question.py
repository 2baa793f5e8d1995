"""What is asked when the effects of labels are estimated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from causal_mtl.common import ConfigurationError
from causal_mtl.models import Model

Weights = Literal["uniform", "frequency"]
Between = Literal["predicted", "held"]


@dataclass(frozen=True)
class LabelQuestion:
    """Which effects, and how.

    Attributes:
        source: the task whose labels are set.
        target: the task whose predictions are looked at.
        labels: of the source, whose effects are wanted (empty: all).
        against: the one value that all of them stand against (""; all other labels).
        weights: of the other labels: "uniform", or by their "frequency" in gold.
        between: tasks that the source reaches and that reach the target are "predicted" anew, or "held" at
            their gold, or where they have none at what is predicted when nothing is set.
        given_gold: tasks whose gold is set throughout.
        nulls: pairs of a task, and an outcome of it or "" for all, that the source is known not to affect.
        expected: outcomes are numbers: the effect on their expected value is wanted too.
        split: total effects are split into direct and indirect ones, which needs labels² passes, not labels.
        min_support: labels with fewer cases are left out.
        fdr: share of false discoveries among the effects that are called found.
        samples: of the bootstrap.
        seed: of the bootstrap.
        batch_size: sentences at a time.
    """

    source: str
    target: str
    labels: Sequence[str] = ()
    against: str = ""
    weights: Weights = "uniform"
    between: Between = "predicted"
    given_gold: Sequence[str] = ()
    nulls: Sequence[tuple[str, str]] = ()
    expected: bool = False
    split: bool = True
    min_support: int = 20
    fdr: float = 0.05
    samples: int = 2000
    seed: int = 0
    batch_size: int = 32

    @property
    def targets(self) -> list[str]:
        """The target, and the tasks that are known to be unaffected."""
        return list(dict.fromkeys([self.target, *(task for task, _ in self.nulls)]))

    def check(self, model: Model) -> None:
        """Compare with the task graph of a model.

        Raises:
            ConfigurationError: names the option.
        """
        tasks = model.tasks
        tasks.check_names([self.source], "--source")
        tasks.check_names([self.target], "--target")
        tasks.check_names(self.given_gold, "--given-gold")
        tasks.check_names((task for task, _ in self.nulls), "--known-null")
        for task in self.targets:
            if task not in model.reached_from(self.source):
                reached = ", ".join(one.name for one in tasks if one.name in model.reached_from(self.source))
                option = "--target" if task == self.target else "--known-null"
                raise ConfigurationError(
                    f"{option}: labels of {self.source!r} do not reach {task!r} in this model; "
                    f"they reach {reached or 'no task'}"
                )
        if (self.target, "") in self.nulls:
            raise ConfigurationError(f"--known-null: {self.target!r} is the target; name an outcome of it")
        for task in self.given_gold:
            if task in (self.source, *self.targets):
                raise ConfigurationError(
                    f"--given-gold: {task!r} is the source or a target, so it is not given"
                )

    def held(self, model: Model) -> list[str]:
        """The tasks between source and target, if they are to be held."""
        if self.between == "predicted":
            return []
        reached = model.reached_from(self.source) - {self.target, *self.given_gold}
        return [
            task.name
            for task in model.tasks
            if task.name in reached and self.target in model.reached_from(task.name)
        ]
