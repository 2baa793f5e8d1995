import pytest

from causal_mtl.analysis.thresholds.candidates import candidates, find_measure
from causal_mtl.analysis.thresholds.tuning import default_measure
from causal_mtl.common import ConfigurationError
from causal_mtl.data import (
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
    Token,
)
from causal_mtl.metrics import MultiLabelF1, SpanF1, TripleF1
from causal_mtl.tasks import (
    MultiLabelClassification,
    RelationExtraction,
    SequenceTagging,
    SingleLabelClassification,
    SpanClassification,
)

TEXT = "Ann met Ann"
INSTANCE = Instance(TEXT, [Token(word, 4 * n, 4 * n + 3) for n, word in enumerate(TEXT.split())])
FIRST, VERB, SECOND = Span(0, 1, "x"), Span(1, 2, "x"), Span(2, 3, "x")


def rows(found):
    columns = (found.sentence, [found.labels[n] for n in found.label], found.score, found.correct)
    return sorted(zip(*(list(column) for column in columns), strict=True))


def test_of_equal_triples_the_best_counts():
    """Where text is compared the two Anns are one."""
    predicted = RelationAnnotation(
        (Relation(FIRST, "r", VERB, 0.2), Relation(SECOND, "r", VERB, 0.7), Relation(VERB, "s", FIRST, 0.4))
    )
    gold = RelationAnnotation((Relation(FIRST, "r", VERB),), unplaced=(("a", "t", "b"),), by_text=True)
    found = candidates([predicted], [gold], [INSTANCE], TripleF1(("exact",)), "exact", 0.1)
    assert rows(found) == [(0, "r", 0.7, True), (0, "s", 0.4, False)]
    assert dict(zip(found.labels, found.gold[0].tolist(), strict=True)) == {"r": 1, "s": 0, "t": 1}
    assert found.floor == 0.1


def test_spans_and_labels():
    spans = candidates(
        [SpanAnnotation((Span(0, 1, "x", 0.3), Span(0, 2, "y", 0.9)))],
        [SpanAnnotation((FIRST,))],
        [INSTANCE],
        SpanF1(),
        "",
        0.1,
    )
    assert rows(spans) == [(0, "x", 0.3, True), (0, "y", 0.9, False)]
    labels = candidates(
        [LabelAnnotation(("a", "b"), (0.6, 0.2))],
        [LabelAnnotation(("b", "c"))],
        [INSTANCE],
        MultiLabelF1(),
        "",
        0.1,
    )
    assert rows(labels) == [(0, "a", 0.6, False), (0, "b", 0.2, True)]
    assert dict(zip(labels.labels, labels.gold[0].tolist(), strict=True)) == {"a": 0, "b": 1, "c": 1}


def test_only_tasks_with_thresholds_have_measures():
    tasks = [
        SequenceTagging("tags"),
        SpanClassification("spans"),
        RelationExtraction("relations", metrics=("exact", "strict")),
        MultiLabelClassification("topics"),
        SingleLabelClassification("genre"),
    ]
    task, _, mode = find_measure(tasks, "relations/strict_f1")
    assert (task, mode) == (tasks[2], "strict")
    with pytest.raises(
        ConfigurationError,
        match=r"spans/f1, relations/exact_f1, relations/strict_f1, topics/f1\)",
    ):
        find_measure(tasks, "tags/f1")


def test_what_is_tuned_by_default():
    tasks = [SequenceTagging("entities"), RelationExtraction("relations")]
    for metrics, wanted in (
        ("+relations/partial_f1", "relations/partial_f1"),
        (
            ["+entities/f1", "+relations/exact_f1"],
            "relations/exact_f1",
        ),  # mentions by tags have no thresholds
        ("-loss", "loss"),  # which `find_measure` refuses, with a list of what there is
    ):
        assert default_measure({"trainer": {"validation_metric": metrics}}, tasks) == wanted
