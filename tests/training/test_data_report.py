from causal_mtl.data import Instance, Relation, RelationAnnotation, Span, SpanAnnotation
from causal_mtl.data.offsets import join_words
from causal_mtl.tasks import RelationExtraction, SequenceTagging
from causal_mtl.training.data_report import describe_splits, problems

TASKS = [SequenceTagging("entities"), RelationExtraction("relations")]


def instance(label, **more):
    spans = (Span(0, 1, "x"), Span(1, 2, "x"))
    relations = RelationAnnotation((Relation(spans[0], label, spans[1]),), **more)
    return Instance(*join_words(["A", "B"]), {"entities": SpanAnnotation(spans), "relations": relations})


def test_what_deserves_a_warning():
    train, dev = instance("seen"), instance("unseen", unplaced=(("a", "seen", "c"),))
    dev.notes["duplicate relation"] += 2
    found = list(problems(describe_splits({"train": [train], "validation": [dev]}, TASKS), TASKS))
    assert found == [
        "validation data: duplicate relation: 2",
        "validation data: 1 of 2 relations are not in the text: counted as missed",
        "validation data: 1 of 2 relations have labels that training never shows: unseen",
    ]


def test_a_task_without_annotations():
    train = instance("seen")
    del train.annotations["relations"]
    found = list(problems(describe_splits({"train": [train]}, TASKS), TASKS))
    assert found == ["train data: no sentence is annotated for the task 'relations'"]


def test_nothing_to_say():
    assert not list(
        problems(describe_splits({"train": [instance("a")], "test": [instance("a")]}, TASKS), TASKS)
    )
