import json

import pytest

from causal_mtl.archive import load_archive
from causal_mtl.common import ConfigurationError
from causal_mtl.data import (
    Instance,
    LabelAnnotation,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
    Vocabulary,
)
from causal_mtl.data.offsets import join_words
from causal_mtl.tasks import RelationExtraction, SequenceTagging
from causal_mtl.training.gold import gold_errors, missing_labels, read_gold

TASKS = [SequenceTagging("entities"), RelationExtraction("relations")]


def instance(*labels, **others):
    spans = (Span(0, 1, "x"), Span(1, 2, "x"))
    relations = RelationAnnotation(tuple(Relation(spans[0], label, spans[1]) for label in labels))
    annotations = {"entities": SpanAnnotation(spans), "relations": relations, **others}
    return Instance(
        *join_words(["A", "B"]), {name: value for name, value in annotations.items() if value is not None}
    )


def test_sound_gold():
    assert not list(gold_errors([instance("a"), instance(relations=None)], TASKS, "f", training=True))


def test_a_task_without_gold():
    (error,) = gold_errors([instance(relations=None, relation=SpanAnnotation())], TASKS, "f")
    assert error == (
        "f: no sentence is annotated for the task 'relations' (annotated: entities, relation; "
        "did you mean 'relation'?)"
    )


@pytest.mark.parametrize(("other", "kind"), [(SpanAnnotation(), "spans"), (LabelAnnotation(), "labels")])
def test_gold_of_another_kind(other, kind):
    (error,) = gold_errors([instance("a"), instance(relations=other)], TASKS, "f")
    assert error == (
        f"f: sentence 2 ('A B'): the annotation of 'relations' holds {kind}, but the task needs relations"
    )


def test_training_data_without_a_label():
    assert not list(gold_errors([instance()], TASKS, "f"))
    (error,) = gold_errors([instance()], TASKS, "f", training=True)
    assert error == "f: the 1 annotations of 'relations' are all empty: nothing can be learnt"


def vocabulary(*relations):
    vocab = Vocabulary.empty()
    vocab.add_token_to_namespace("x", "entities_labels")
    vocab.add_tokens_to_namespace(relations, "relations_labels")
    return vocab


def test_labels_that_the_vocabulary_leaves_out():
    data = [instance("a", "b"), instance("a")]
    assert not list(missing_labels(data, TASKS, vocabulary("a", "b"), "f"))
    (line,) = missing_labels(data, TASKS, vocabulary("a"), "f")
    assert line == (
        "f: 1 of 3 relations have labels that the vocabulary leaves out (see vocabulary.min_count): b 1"
    )
    with pytest.raises(
        ConfigurationError, match="'relations' has no label to learn: the vocabulary leaves out"
    ):
        list(missing_labels(data, TASKS, vocabulary(), "f"))


def test_gold_that_is_nowhere_in_the_text():
    data = [instance("a", entities=SpanAnnotation(unplaced=(("C", "x"),)))]
    with pytest.raises(
        ConfigurationError, match="'entities' has no label to learn: no spans could be placed"
    ):
        list(missing_labels(data, TASKS, Vocabulary.empty(), "f"))


def test_what_a_reader_leaves_out_of_the_gold_is_said(trained, caplog):
    data = json.loads((trained / "config.json").read_text())["validation_data_path"]
    everything = load_archive(trained, {"dataset_reader.max_instances": None})
    assert len(read_gold(everything, data, TASKS)) > 3
    assert "leave out others" not in caplog.text
    archive = load_archive(trained, {"dataset_reader.max_instances": 3})
    assert len(read_gold(archive, data, TASKS)) == 3
    assert f"{data}: 3 sentences are read: `part` or `max_instances`" in caplog.text
