import logging

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.common.strict_json import parse
from causal_mtl.data.instance import (
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
)
from causal_mtl.models.constraints import Combinations, combinations
from causal_mtl.tasks import ArgumentLink, TextLink

LABELS = {"article": ["264", "266"], "entities": ["Peop", "Org", "Loc"]}
CHARGE, TERM = TextLink("charge", "article"), TextLink("term", "article")
RELATIONS = ArgumentLink("relations", "entities")


def text(**labels):
    return Instance("x", [], {task: LabelAnnotation((label,)) for task, label in labels.items()})


@pytest.fixture
def known():
    found = Combinations([CHARGE, TERM, RELATIONS])
    spans = Span(0, 1, "Peop"), Span(1, 2, "Org"), Span(2, 3, "Loc")
    related = Instance(
        "x",
        [],
        {
            "relations": RelationAnnotation(
                (Relation(spans[0], "r", spans[1]), Relation(spans[0], "s", spans[2]))
            )
        },
    )
    found.learn(
        [text(charge="theft", article="264"), text(charge="fraud", article="266"), text(term="5"), related],
        LABELS,
    )
    return found


def test_learned_from_what_is_annotated_together(known):
    assert known.seen == {
        CHARGE: {("theft", "264"), ("fraud", "266")},
        RELATIONS: {("r", ("Peop", "Org")), ("s", ("Peop", "Loc"))},
    }


def test_types_that_nobody_annotated_are_no_types():
    untyped = RelationAnnotation((Relation(Span(0, 1, "entity"), "works", Span(1, 2, "entity")),))
    mentions = SpanAnnotation((Span(0, 1, "entity"), Span(1, 2, "entity")))
    assert RELATIONS.combinations({"relations": untyped}) is None
    assert RELATIONS.combinations({"relations": untyped, "entities": mentions}) == [
        ("works", ("entity", "entity"))
    ]
    assert RELATIONS.combinations({"relations": RelationAnnotation(())}) == []


def test_links_that_tell_nothing_are_left_out():
    cases = [text(charge="theft", article="264"), text(charge="fraud", article="264")]
    for articles, number in ((["264"], 0), (["264", "266"], 2)):
        found = Combinations([CHARGE])
        found.learn(cases, {"article": articles})
        assert len(found.seen.get(CHARGE, ())) == number


def test_one_pair_of_types_tells_that_there_are_no_others():
    found = Combinations([RELATIONS])
    effect = Relation(Span(0, 1, "Drug"), "causes", Span(1, 2, "Effect"))
    sentences = [Instance("x", [], {"relations": RelationAnnotation((effect,))})]
    found.learn(sentences, {"entities": ["Drug", "Effect"]})
    assert found.seen == {RELATIONS: {("causes", ("Drug", "Effect"))}}


def test_as_json_and_back(known):
    again = Combinations(known.links)
    again.read(known.to_json())
    assert again.seen == known.seen


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"format": 2, "links": []}', "format 2"),
        ('{"format": 1}', "expected the keys"),
        ('{"format": 1, "links": {}}', "expected the keys"),
        ('{"format": 1, "links": [3]}', "links[0]"),
        ('{"format": 1, "links": [{"tasks": ["charge", "x"], "combinations": []}]}', "links[0]"),
        ('{"format": 1, "links": [{"tasks": [["charge"], "article"], "combinations": []}]}', "links[0]"),
        ('{"format": 1, "links": [{"tasks": ["charge", "article"]}]}', "links[0]"),
        ('{"format": 1, "links": [{"tasks": ["charge", "article"], "combinations": [["a"]]}]}', "links[0]"),
        (
            '{"format": 1, "links": [{"tasks": ["charge", "article"], "combinations": [["a", 1]]}]}',
            "links[0]",
        ),
        (
            '{"format": 1, "links": [{"tasks": ["charge", "article"], "combinations": [[["a"], "b"]]}]}',
            "links[0]",
        ),
        (
            '{"format": 1, "links": [{"tasks": ["relations", "entities"], "combinations": [["a", "b"]]}]}',
            "links[0]",
        ),
        ('{"format": 1, "links": [{"tasks": ["relations", "entities"], "combinations": null}]}', "links[0]"),
    ],
)
def test_anything_else_is_refused(known, content, message):
    with pytest.raises(ConfigurationError) as error:
        known.read(parse(content))
    assert message in str(error.value)


def test_what_another_model_saw_is_added_whichever_task_comes_first(known):
    turned = TextLink("article", "charge")
    other = Combinations([turned, TextLink("article", "x")])
    other.seen = {turned: {("114", "arson")}, TextLink("article", "x"): {("1", "2")}}
    known.update(other)
    assert known.seen[CHARGE] == {("theft", "264"), ("fraud", "266"), ("arson", "114")}
    assert set(known.seen) == {CHARGE, RELATIONS}


def test_too_many_for_an_archive_are_left_out(known, monkeypatch, caplog):
    monkeypatch.setattr(combinations, "_BUDGET", 150)
    with caplog.at_level(logging.WARNING):
        known.learn([], LABELS)
    assert len(known.seen) == 1
    assert "too many to keep" in caplog.text
