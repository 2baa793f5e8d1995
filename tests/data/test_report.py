import pytest

from causal_mtl.data import (
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
    TriplesReader,
    describe,
    render,
)
from causal_mtl.data.offsets import split_words

ANN, LEE, ROME = Span(0, 2, "person"), Span(1, 2, "name"), Span(4, 5, "city")


def instance(by_text=False):
    return Instance(
        "Ann Lee lives in Rome",
        split_words("Ann Lee lives in Rome"),
        {
            "names": SpanAnnotation((ANN, LEE, ROME), (("Oslo", "city"),), by_text),
            "facts": RelationAnnotation(
                (Relation(ANN, "lives in", ROME), Relation(LEE, "lives in", ROME)),
                (("Ann", "left", "Oslo"),),
                by_text,
            ),
            "topics": LabelAnnotation(("life",)),
        },
    )


@pytest.mark.parametrize("by_text", [False, True])
def test_counts(by_text):
    one = instance(by_text)
    one.notes["duplicate relation"] = 2
    other = Instance("Yes", split_words("Yes"), {"names": SpanAnnotation(), "facts": RelationAnnotation()})
    report = describe([one, other])
    assert (report.sentences, report.tokens, report.max_length, report.median_length) == (2, 6, 5, 3)
    assert report.notes == {"duplicate relation": 2}
    names, facts, topics = (report.tasks[name] for name in ("names", "facts", "topics"))
    assert names.labels == {"person": 1, "name": 1, "city": 2}
    assert (names.flat, names.flat_of, names.unplaced) == (2, 4, 1)
    assert (facts.flat, facts.flat_of, facts.unplaced) == (1, 3, 1)
    assert facts.ceiling == pytest.approx(1 / 3)
    assert facts.per_sentence == {3: 1, 0: 1}
    assert facts.overlaps == {"SEO": 1}
    assert (topics.sentences, topics.labels) == (1, {"life": 1})


def test_unseen_labels():
    report = describe([instance()], known_labels={"facts": {"left"}, "nothing": set()})
    assert report.tasks["facts"].unseen == {"lives in": 2}
    assert not report.tasks["names"].unseen
    assert not describe([instance()], known_labels=report.labels).tasks["facts"].unseen


def test_the_mentions_task_can_be_named():
    one = instance()
    one.annotations["others"] = SpanAnnotation((ROME,))
    assert describe([one], mentions={"facts": "others"}).tasks["facts"].flat == 0


def test_the_95_percent_length():
    many = [Instance("a " * n, split_words("a " * n)) for n in range(1, 101)]
    assert describe(many).length_95 == 95


def test_an_empty_report_can_be_read():
    assert "0 sentences" in render(describe([]))


def test_rendering():
    text = render(describe([instance()], known_labels={"facts": {"left"}}), "train.json")
    for line in (
        "train.json: 1 sentences, 5 tokens",
        "facts: 3 relations, 2 different, in 1 sentences",
        "  labels: lives in 2, left 1",
        "  overlap (a sentence can be EPO and SEO): Normal 0, EPO 0, SEO 1",
        "  at most within reach of flat tags: 33.3% (1 of 3); not placed: 1",
        "  not seen in training: lives in 2",
        "  names: [Ann [Lee:name]:person] lives in [Rome:city]",
        "    (Ann Lee | lives in | Rome)",
        "    (Ann | left | Oslo): not placed",
        "  topics: life",
    ):
        assert line in text.split("\n")


def test_ceilings_of_the_real_sets(real_data):
    webnlg = describe(TriplesReader().read(real_data / "webnlg/dev.json"))
    assert webnlg.tasks["relations"].ceiling > 0.978
    assert webnlg.notes == {"duplicate relation": 1}
    star = describe(TriplesReader().read(real_data / "webnlg_star/dev.json"))
    assert star.tasks["relations"].ceiling == 1
    assert star.tasks["relations"].flat_of == 1113
