"""The best consistent labels against a search of all labels."""

from itertools import chain, combinations, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.models.constraints import joint
from causal_mtl.models.constraints.joint import UNKNOWN, JointLabels, groups

SIZES = {"a": 3, "b": 4, "c": 2, "m": 3, "n": 2}
SINGLE = ("a", "b", "c")


def subsets(size):
    return chain.from_iterable(combinations(range(size), count) for count in range(size + 1))


def consistent(labels, tables):
    return all(
        table[i, j] for (one, other), table in tables.items() for i, j in product(labels[one], labels[other])
    )


def search(tasks, tables, gains, given_labels):
    """All consistent labels that keep those that are set, with their scores, best first."""
    choices = [
        [tuple(given_labels[task])]
        if task in given_labels
        else [(i,) for i in range(SIZES[task])]
        if task in SINGLE
        else list(subsets(SIZES[task]))
        for task in tasks
    ]
    found = []
    for chosen in product(*choices):
        labels = dict(zip(tasks, chosen, strict=True))
        if consistent(labels, tables):
            score = sum(
                float(gains[task][0, i])
                for task, of_task in labels.items()
                if task not in given_labels
                for i in of_task
            )
            found.append((score, labels))
    return sorted(found, key=lambda item: -item[0])


@st.composite
def problems(draw):
    tasks = draw(
        st.sampled_from([["a", "b"], ["a", "b", "c"], ["a", "m"], ["a", "b", "m"], ["a", "b", "c", "m", "n"]])
    )
    tables = {}
    for one, other in combinations(tasks, 2):
        if {one, other} == {"m", "n"} or (one != "a" and draw(st.booleans())):
            continue  # every task is tied to the first
        cells = draw(
            st.lists(st.booleans(), min_size=SIZES[one] * SIZES[other], max_size=SIZES[one] * SIZES[other])
        )
        table = torch.tensor(cells).reshape(SIZES[one], SIZES[other])
        turned = draw(st.booleans())
        tables[(other, one) if turned else (one, other)] = table.T if turned else table
    number = st.floats(-5, 5).map(lambda x: round(x, 3))
    gains = {
        task: torch.tensor(
            [draw(st.lists(number, min_size=SIZES[task], max_size=SIZES[task]))], dtype=torch.float64
        )
        for task in tasks
    }
    fixed = {}
    for task in tasks:
        if draw(st.integers(0, 3)) == 0:
            chosen = st.sampled_from(
                list(subsets(SIZES[task])) if task not in SINGLE else [(i,) for i in range(SIZES[task])]
            )
            fixed[task] = list(draw(chosen))
    return tasks, tables, gains, fixed


def likeliest_of(gains):
    return {
        task: torch.nn.functional.one_hot(of_task.argmax(dim=1), SIZES[task]).bool()
        if task in SINGLE
        else of_task > 0
        for task, of_task in gains.items()
    }


@settings(max_examples=300)
@given(problems())
def test_as_good_as_a_search_of_everything(problem):
    tasks, tables, gains, fixed = problem
    best = search(tasks, tables, gains, fixed)
    try:
        decoder = JointLabels(tasks, SINGLE, tables)
    except ConfigurationError:
        assert not search(tasks, tables, gains, {})
        return
    likeliest = likeliest_of(gains)
    chosen = decoder.best(gains, likeliest, {task: [labels] for task, labels in fixed.items()})
    labels = {task: tuple(of_task[0].nonzero().flatten().tolist()) for task, of_task in chosen.items()}
    free = [task for task in tasks if task not in fixed]
    if not best:  # set labels that nothing goes with
        assert all(torch.equal(chosen[task], likeliest[task]) for task in tasks)
        return
    labels |= {task: tuple(of_task) for task, of_task in fixed.items()}
    assert consistent(labels, tables)
    score = sum(float(gains[task][0, i]) for task in free for i in labels[task])
    assert score == pytest.approx(best[0][0])


def test_texts_of_a_batch_are_decoded_each_by_itself():
    decoder = JointLabels(["a", "c"], SINGLE, {("a", "c"): torch.tensor([[1, 0], [0, 1], [0, 1]]).bool()})
    gains = {
        "a": torch.tensor([[-0.1, -2, -3], [-0.1, -2, -3], [-0.1, -2, -3]]).double(),
        "c": torch.tensor([[-0.5, -1], [-9, -0.1], [-9, -0.1]]).double(),
    }
    given_labels = {"a": [None, None, [UNKNOWN]]}
    chosen = decoder.best(gains, likeliest_of(gains), given_labels)
    assert chosen["a"].int().argmax(dim=1).tolist() == [0, 1, 0]
    assert chosen["c"].int().argmax(dim=1).tolist() == [0, 1, 1]  # the last: as without constraints


def test_too_many_or_no_assignments_are_refused(monkeypatch):
    with pytest.raises(ConfigurationError, match="no labels of a, b are allowed together"):
        JointLabels(["a", "b"], SINGLE, {("a", "b"): torch.zeros(3, 4).bool()})
    monkeypatch.setattr(joint, "MAX_ASSIGNMENTS", 11)
    with pytest.raises(ConfigurationError, match="a, b have more than 11 consistent assignments"):
        JointLabels(["a", "b"], SINGLE, {("a", "b"): torch.ones(3, 4).bool()})


def test_groups_are_what_is_tied():
    tables = dict.fromkeys([("c", "a"), ("b", "m")])
    assert groups(["a", "b", "c", "n", "m"], tables) == [["a", "c"], ["b", "m"]]
