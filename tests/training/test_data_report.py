from causal_mtl.data import Instance, Relation, RelationAnnotation, Span, SpanAnnotation, Vocabulary
from causal_mtl.data.offsets import join_words
from causal_mtl.tasks import RelationExtraction, SequenceTagging, SpanClassification
from causal_mtl.training.data_report import describe_for_model, describe_splits, problems

TASKS = [SequenceTagging("entities"), RelationExtraction("relations")]


def instance(label, **more):
    spans = (Span(0, 1, "x"), Span(1, 2, "x"))
    relations = RelationAnnotation((Relation(spans[0], label, spans[1]),), **more)
    return Instance(*join_words(["A", "B"]), {"entities": SpanAnnotation(spans), "relations": relations})


def test_what_deserves_a_warning():
    train, dev = instance("seen"), instance("unseen", unplaced=(("a", "seen", "c"),))
    dev.notes["duplicate relation"] += 2
    reports = describe_splits({"train": [train], "validation": [dev]}, TASKS)
    assert not list(problems(reports["train"], TASKS, "train data"))
    found = list(problems(reports["validation"], TASKS, "validation data"))
    assert found == [
        "validation data: duplicate relation: 2",
        "validation data: 1 of 2 relations could not be placed in the text: counted as missed",
        "validation data: 1 of 2 relations have labels that training never shows: unseen",
    ]


def test_sentences_without_annotation_and_annotations_without_a_task():
    bare, other = instance("seen"), instance("seen")
    del bare.annotations["relations"]
    other.annotations["entites"] = SpanAnnotation()
    report = describe_splits({"train": [bare, other]}, TASKS)["train"]
    assert list(problems(report, TASKS, "f.jsonl")) == [
        "f.jsonl: 'entites', annotated in 1 sentences, is no task of the model; did you mean 'entities'?",
        "f.jsonl: 1 of 2 sentences are not annotated for 'relations'",
    ]


def test_no_labels_in_a_split():
    empty = Instance(*join_words(["A"]), {"entities": SpanAnnotation(), "relations": RelationAnnotation()})
    report = describe_splits({"train": [empty]}, TASKS)["train"]
    assert (
        list(problems(report, TASKS[:1], "dev"))
        == [
            "dev: no sentence has any entities: recall and F1 cannot be told from 0",
            "dev: 'relations', annotated in 1 sentences, is no task of the model",
        ][::-1]
    )


def nested():
    inner, outer = Span(0, 1, "x"), Span(0, 2, "x")
    return Instance(*join_words(["A", "B"]), {"entities": SpanAnnotation((inner, outer))})


def test_overlapping_gold_is_lost_to_flat_tags_only():
    report = describe_splits({"train": [nested()]}, TASKS)["train"]
    (line,) = problems(report, TASKS[:1], "train data")
    assert line.startswith("train data: 1 of 2 entities are lost to flat tags")
    assert not list(problems(report, [SpanClassification("entities")], "train data"))


def test_data_for_a_trained_model():
    vocab = Vocabulary.empty()
    vocab.add_token_to_namespace("x", "entities_labels")
    vocab.add_token_to_namespace("seen", "relations_labels")
    report = describe_for_model([instance("seen"), instance("new")], TASKS, vocab)
    assert list(problems(report, TASKS, "f")) == [
        "f: 1 of 2 relations have labels that training never shows: new"
    ]
