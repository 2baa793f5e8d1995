"""What a config says of constraints, checked, and as rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from causal_mtl.common import ConfigurationError
from causal_mtl.common.text import join, suggestion
from causal_mtl.models.constraints.combinations import Combinations
from causal_mtl.tasks import Combination, Link, Partner

Allowed = dict[str, list[str | list[str]]]


@dataclass(frozen=True)
class Constraint:
    """Which labels of two tasks may be predicted together.

    Args:
        tasks: two names: two tasks of labels of texts, in any order, or a task of relations and its `mentions`.
        allowed: "training": what training showed together; or for each label of the first task that shall be
            constrained the labels of the second that it may occur with: of a relation, pairs
            ``[type of head, type of tail]``. Labels that are not named here are free.
    """

    tasks: list[str]
    allowed: Literal["training"] | Allowed = "training"


Constraints = Literal["none", "training"] | list[Constraint]
"""No constraints; all that training can teach; or some, one by one."""


@dataclass(frozen=True)
class Rule:
    """The combinations that may be predicted, where a label and what it occurs with are constrained at all.

    Attributes:
        pairs: those that may.
        labels: that are constrained; None: all.
        partners: that are constrained; None: all.
    """

    pairs: frozenset[Combination]
    labels: frozenset[str] | None = None
    partners: frozenset[Partner] | None = None

    def allows(self, label: str, partner: Partner) -> bool:
        """Whether both may be predicted together."""
        free = (self.labels is not None and label not in self.labels) or (
            self.partners is not None and partner not in self.partners
        )
        return free or (label, partner) in self.pairs


Rules = dict[Link, list[Rule]]


def constraint_problems(constraints: Constraints, links: Sequence[Link]) -> Iterator[tuple[str, str]]:
    """What is wrong with constraints in a graph with these links, as far as no labels are needed.

    Yields:
        the key below ``constraints``, and a message.
    """
    if constraints == "none":
        return
    if constraints == "training":
        if not links:
            yield "", "has no effect, as no two tasks have labels that occur together: leave it out"
        for link in links:
            if not link.decodable:
                yield "", f"{_several(link)}; list the pairs of tasks to constrain"
        return
    if not constraints:
        yield "", 'has no effect, as it is empty: leave it out, or set it to "training"'
    for number, constraint in enumerate(constraints):
        for key, message in _problems(constraint, links):
            yield f"[{number}].{key}", message


def _problems(constraint: Constraint, links: Sequence[Link]) -> Iterator[tuple[str, str]]:
    if len(constraint.tasks) != 2:
        yield "tasks", f"expected two names of tasks, got {len(constraint.tasks)}"
        return
    link, _ = _find(constraint, links)
    if link is None:
        there = "; ".join(f"{link.task}, {link.other}" for link in links) or "none"
        yield "tasks", f"{' and '.join(constraint.tasks)} cannot be constrained (pairs that can: {there})"
        return
    if not link.decodable:
        yield "tasks", _several(link)
    if constraint.allowed == "training":
        return
    if not constraint.allowed:
        yield "allowed", "has no effect, as it is empty: leave the constraint out"
    for label, partners in constraint.allowed.items():
        if not partners:
            yield join("allowed", label), "allows nothing, so that this label could never be predicted"
        for partner in partners:
            try:
                link.partner(partner)
            except ValueError as error:
                yield join("allowed", label), str(error)


def _several(link: Link) -> str:
    return (
        f"a text may have several labels of {link.task!r} and of {link.other!r}: constraints need a task with "
        "exactly one label on one side"
    )


def _find(constraint: Constraint, links: Iterable[Link]) -> tuple[Link | None, bool]:
    """The link of two tasks, and whether they are named in the other order."""
    first, second = constraint.tasks
    for link in links:
        if (link.task, link.other) == (first, second):
            return link, False
        if link.joint and (link.task, link.other) == (second, first):
            return link, True
    return None, False


def rules_of(constraints: Constraints, combinations: Combinations) -> Rules:
    """The rules of each link that is constrained.

    Args:
        constraints: without problems.
        combinations: those of training.

    Raises:
        ConfigurationError: training showed nothing of two tasks that shall be constrained by it.
    """
    if constraints == "none":
        return {}
    if constraints == "training":
        if not combinations.seen:
            raise ConfigurationError(
                "constraints: training shows no labels of two tasks together that could be told apart (no text is "
                "annotated for both, or mentions have one type only), or this archive does not say, as an early "
                'version made it: leave constraints out, or set them to "none"'
            )
        return {link: [_of_training(link, combinations)] for link in combinations.seen}
    rules: Rules = {}
    for number, constraint in enumerate(constraints):
        link, turned = _find(constraint, combinations.links)
        assert link is not None  # has no problems
        if constraint.allowed != "training":
            rule = _of_config(link, constraint.allowed, turned)
        elif link in combinations.seen:
            rule = _of_training(link, combinations)
        else:
            raise ConfigurationError(
                f"constraints[{number}].allowed: training shows no text with labels of both "
                f"{' and '.join(constraint.tasks)}, or one of them has a single label"
            )
        rules.setdefault(link, []).append(rule)
    return rules


def _of_training(link: Link, combinations: Combinations) -> Rule:
    """What was seen; a label that was seen with nothing is free, and a label of a text on either side."""
    seen = combinations.seen[link]
    partners = frozenset(partner for _, partner in seen) if link.joint else None
    return Rule(frozenset(seen), frozenset(label for label, _ in seen), partners)


def _of_config(link: Link, allowed: Allowed, turned: bool) -> Rule:
    listed = [(label, link.partner(other)) for label, others in allowed.items() for other in others]
    if turned:
        return Rule(frozenset((str(other), label) for label, other in listed), None, frozenset(allowed))
    return Rule(frozenset(listed), frozenset(allowed))


def label_problems(
    constraints: Constraints, links: Sequence[Link], labels: Mapping[str, Sequence[str]]
) -> list[str]:
    """A line for each label that a config names and no task has, and for constraints that forbid nothing.

    Args:
        constraints: without other problems.
        links: of the graph.
        labels: of each task that is linked, by its name.
    """
    problems = []
    for number, constraint in enumerate(() if isinstance(constraints, str) else constraints):
        if constraint.allowed == "training":
            continue
        link, turned = _find(constraint, links)
        assert link is not None
        names, others = labels[constraint.tasks[0]], labels[constraint.tasks[1]]
        where = f"constraints[{number}].allowed"
        for label, partners in constraint.allowed.items():
            found = [] if label in names else [(constraint.tasks[0], label, names)]
            for partner in partners:
                parts = [partner] if isinstance(partner, str) else partner
                found += [(constraint.tasks[1], part, others) for part in parts if part not in others]
            problems += [
                f"{join(where, label)}: the task {task!r} has no label {unknown!r}{suggestion(unknown, there)}"
                for task, unknown, there in found
            ]
        rule = _of_config(link, constraint.allowed, turned)
        if not problems and not forbids(link, [rule], labels):
            problems.append(f"{where}: has no effect, as everything is allowed: leave the constraint out")
    return problems


def forbids(link: Link, rules: Sequence[Rule], labels: Mapping[str, Sequence[str]]) -> bool:
    """Whether there is any combination of these labels that the rules do not allow."""
    partners = link.partners(labels[link.other])
    return not all(
        rule.allows(label, partner) for rule in rules for label in labels[link.task] for partner in partners
    )
