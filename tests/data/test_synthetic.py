"""The closed forms of the synthetic world against draws from its own structural equations."""

import random
from collections import Counter

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data.synthetic import World, name

DRAWS = 40_000
WORLDS = [
    World(),
    World(labels=2, strength=0.4, confounding=0.5, certainty=0.9),
    World(labels=4, strength=0.3, confounding=0.2, certainty=0.6, interaction=0.3),
]
TOLERANCE = 0.013  # more than 3 standard errors of a difference of two shares


def shares(world, task, do=None, given=None, seed=0):
    """How often each label of `task` is drawn, among the texts whose A is `given`."""
    rng = random.Random(seed)
    drawn = [world.sample(rng, do) for _ in range(DRAWS)]
    chosen = [one for one in drawn if given is None or one["A"] == given]
    counts = Counter(one[task] for one in chosen)
    return [counts[label] / len(chosen) for label in range(world.labels)]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("task", ["B", "C"])
def test_effects_on_all_texts_are_those_of_interventions(world, task):
    by_label = [shares(world, task, do={"A": a}, seed=a) for a in range(world.labels)]
    for a in range(world.labels):
        for label in range(world.labels):
            others = [by_label[other][label] for other in range(world.labels) if other != a]
            found = by_label[a][label] - sum(others) / len(others)
            assert world.effect(a, task, label) == pytest.approx(found, abs=TOLERANCE)
            if task == "C":
                assert world.effect(a, task, label) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("world", WORLDS)
def test_effects_on_labelled_texts(world):
    """The topics of the texts that are labelled a, with A set to each label in turn."""
    rng = random.Random(0)
    topics = [one["S"] for one in (world.sample(rng) for _ in range(DRAWS)) if one["A"] == 0]
    share = Counter(topics)
    for label in range(world.labels):
        found = sum(
            count
            / len(topics)
            * (
                world.probability("B", label, topic, 0)
                - sum(world.probability("B", label, topic, a) for a in range(1, world.labels))
                / (world.labels - 1)
            )
            for topic, count in share.items()
        )
        assert world.effect(0, "B", label, "labelled") == pytest.approx(found, abs=TOLERANCE)


def test_an_interaction_makes_the_populations_differ():
    even, uneven = World(), World(interaction=0.15)
    assert even.effect(0, "B", 0, "labelled") == pytest.approx(even.effect(0, "B", 0))
    assert uneven.effect(0, "B", 0) == pytest.approx(0.5)
    assert uneven.effect(0, "B", 0, "labelled") > 0.53


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("task", ["B", "C"])
def test_associations_are_what_is_seen(world, task):
    by_label = [shares(world, task, given=a, seed=7) for a in range(world.labels)]
    for a in range(world.labels):
        others = [by_label[other][a] for other in range(world.labels) if other != a]
        found = by_label[a][a] - sum(others) / len(others)
        assert world.association(a, task, a) == pytest.approx(found, abs=3 * TOLERANCE)
        assert world.association(a, task, a) > world.effect(a, task, a)


def test_p_of_a_and_its_entropy():
    world = World(labels=2, certainty=0.75, confounding=0.2)
    assert [world.probability_of_a(a, 1) for a in (0, 1)] == [0.25, 0.75]
    assert world.entropy() == pytest.approx(0.811, abs=1e-3)
    assert World(certainty=1.0).entropy() == 0


def test_instances_follow_the_equations_and_their_seed():
    world = World(missing=0.3)
    texts = list(world.instances(4000, seed=5))
    assert texts == list(world.instances(4000, seed=5))
    assert texts != list(world.instances(4000, seed=6))
    with_gold = [text for text in texts if "A" in text.annotations]
    assert len(with_gold) / len(texts) == pytest.approx(0.7, abs=0.03)
    agree = sum(text.annotations["A"].labels == (name("A", text.metadata["topic"]),) for text in with_gold)
    assert agree / len(with_gold) == pytest.approx(world.certainty, abs=0.03)
    for text in texts:
        signs = [token.text for token in text.tokens if token.text.startswith("topic")]
        assert [sign[5] for sign in signs] == [str(text.metadata["topic"])]


def test_truth_holds_every_effect_once():
    truth = World().truth()
    assert len(truth["effects"]) == 2 * 3 * 3 * 2
    row = next(r for r in truth["effects"] if (r["label"], r["outcome"]) == ("a1", "b1"))
    assert row["effect"] == pytest.approx(0.5)
    assert truth["world"]["strength"] == 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": 1}, "labels: at least 2"),
        ({"certainty": 1.2}, "certainty: expected a number of 0 to 1"),
        ({"strength": 0.8, "confounding": 0.3}, "together 1 at most"),
        ({"strength": 0.1, "interaction": -0.2}, "topic 0 would copy A with probability -0.1"),
    ],
)
def test_what_is_no_world(options, message):
    with pytest.raises(ConfigurationError, match=message):
        World(**options)
