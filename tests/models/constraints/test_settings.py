import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.models.constraints import (
    Combinations,
    Constraint,
    constraint_problems,
    forbids,
    label_problems,
    rules_of,
)
from causal_mtl.tasks import ArgumentLink, TextLink

CHARGE, TOPICS = TextLink("charge", "article"), TextLink("topics", "mood", decodable=False)
RELATIONS = ArgumentLink("relations", "entities")
LINKS = [CHARGE, RELATIONS]
LABELS = {
    "charge": ["theft", "fraud", "arson"],
    "article": ["264", "266"],
    "relations": ["Work_For", "Live_In"],
    "entities": ["Peop", "Org", "Loc"],
}
WORK = {"Work_For": [["Peop", "Org"]]}


def seen(**pairs):
    combinations = Combinations(LINKS)
    for link in LINKS:
        if link.task in pairs:
            combinations.seen[link] = set(pairs[link.task])
    return combinations


@pytest.mark.parametrize(
    ("constraints", "links", "key", "message"),
    [
        ("training", [], "", "has no effect"),
        ("training", [CHARGE, TOPICS], "", "several labels of 'topics' and of 'mood'"),
        ([], LINKS, "", "has no effect"),
        ([Constraint(["charge"])], LINKS, "[0].tasks", "expected two names"),
        (
            [Constraint(["charge", "charges"])],
            LINKS,
            "[0].tasks",
            "pairs that can: charge, article; relations",
        ),
        ([Constraint(["entities", "relations"])], LINKS, "[0].tasks", "cannot be constrained"),
        ([Constraint(["mood", "topics"])], [TOPICS], "[0].tasks", "exactly one label on one side"),
        ([Constraint(["charge", "article"], {})], LINKS, "[0].allowed", "has no effect"),
        ([Constraint(["charge", "article"], {"theft": []})], LINKS, "[0].allowed.theft", "allows nothing"),
        (
            [Constraint(["charge", "article"], {"theft": [["264"]]})],
            LINKS,
            "[0].allowed.theft",
            "expected a label",
        ),
        ([Constraint(["relations", "entities"], {"x": ["Peop"]})], LINKS, "[0].allowed.x", "type of head"),
        ([Constraint(["relations", "entities"], {"x": [["Peop"]]})], LINKS, "[0].allowed.x", "type of head"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(constraints, links, key, message):
    ((where, text),) = constraint_problems(constraints, links)
    assert where == key
    assert message in text


@pytest.mark.parametrize(
    "constraints",
    ["none", "training", [Constraint(["article", "charge"]), Constraint(["relations", "entities"], WORK)]],
)
def test_nothing_is_wrong_with(constraints):
    assert list(constraint_problems(constraints, LINKS)) == []


@pytest.mark.parametrize(
    ("tasks", "allowed", "message"),
    [
        (["charge", "article"], {"thaft": ["264"]}, "'charge' has no label 'thaft'; did you mean 'theft'?"),
        (["article", "charge"], {"264": ["266"]}, "'charge' has no label '266'"),
        (["relations", "entities"], {"Work_For": [["Peop", "Og"]]}, "'entities' has no label 'Og'"),
        (["article", "charge"], {"264": ["theft", "fraud", "arson"]}, "has no effect"),
    ],
)
def test_labels_that_no_task_has_and_rules_without_effect(tasks, allowed, message):
    (problem,) = label_problems([Constraint(tasks, allowed)], LINKS, LABELS)
    assert problem.startswith("constraints[0].allowed")
    assert message in problem


def test_a_mapping_constrains_what_it_names_and_nothing_else():
    (rule,) = rules_of([Constraint(["charge", "article"], {"theft": ["264"]})], seen())[CHARGE]
    assert rule.allows("theft", "264")
    assert not rule.allows("theft", "266")
    assert rule.allows("fraud", "264")
    (rule,) = rules_of([Constraint(["article", "charge"], {"266": ["fraud"]})], seen())[CHARGE]
    assert rule.allows("fraud", "266")
    assert not rule.allows("theft", "266")
    assert rule.allows("theft", "264")
    (rule,) = rules_of([Constraint(["relations", "entities"], WORK)], seen())[RELATIONS]
    assert rule.allows("Work_For", ("Peop", "Org"))
    assert not rule.allows("Work_For", ("Org", "Peop"))
    assert rule.allows("Live_In", ("Org", "Peop"))


def test_training_leaves_labels_free_that_it_shows_with_nothing():
    known = seen(charge=[("theft", "264"), ("fraud", "266")], relations=[("Work_For", ("Peop", "Org"))])
    rules = rules_of("training", known)
    assert not rules[CHARGE][0].allows("theft", "266")
    assert rules[CHARGE][0].allows("arson", "266")
    assert rules[CHARGE][0].allows("theft", "114")
    assert not rules[RELATIONS][0].allows("Work_For", ("Loc", "Loc"))
    assert rules[RELATIONS][0].allows("Live_In", ("Loc", "Loc"))
    assert rules_of("none", known) == {}
    assert forbids(CHARGE, rules[CHARGE], LABELS)


def test_what_training_does_not_show_cannot_be_learned():
    with pytest.raises(ConfigurationError, match="constraints: training shows no labels"):
        rules_of("training", seen())
    with pytest.raises(ConfigurationError, match=r"constraints\[0\].allowed: training shows no text"):
        rules_of([Constraint(["charge", "article"])], seen(relations=[]))
