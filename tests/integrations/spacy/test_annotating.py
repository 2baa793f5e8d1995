from types import SimpleNamespace

import pytest
import spacy
from spacy.tokens import Doc, Span

from causal_mtl.common import ConfigurationError
from causal_mtl.data import LabelAnnotation, Relation, RelationAnnotation, SpanAnnotation
from causal_mtl.data import Span as Predicted
from causal_mtl.integrations.spacy.annotating import annotate
from causal_mtl.integrations.spacy.pieces import pieces_of
from causal_mtl.integrations.spacy.relations import add_extension, relations_of
from causal_mtl.integrations.spacy.settings import Settings
from causal_mtl.models import TaskGraph
from causal_mtl.tasks import MultiLabelClassification, RelationExtraction, SequenceTagging, SpanClassification

ENTITIES, NESTED = SequenceTagging(name="entities"), SpanClassification(name="nested")
RELATIONS, TOPICS = (
    RelationExtraction(name="relations", mentions="nested"),
    MultiLabelClassification(name="topics"),
)


@pytest.fixture
def doc():
    return spacy.blank("en").make_doc("The University  of Lyon is old")  # token 2 is a blank


def spans(*items):
    return SpanAnnotation(tuple(Predicted(*item, score=0.5 + start / 10) for start, item in enumerate(items)))


def write(doc, annotations, tasks=(NESTED,), component="causal_mtl", **settings):
    (piece,) = pieces_of(doc, False)
    annotate(doc, [(piece, annotations)], TaskGraph(tasks), Settings(**settings), component)


def texts(spans):
    return [(span.text, span.label_) for span in spans]


OVERLAPPING = spans((1, 2, "X"), (1, 4, "Org"), (3, 4, "Loc"), (4, 5, "Verb"))


def test_what_cannot_be_in_ents_stays_in_spans(doc):
    write(doc, {"nested": OVERLAPPING})
    assert texts(doc.ents) == [("University  of Lyon", "Org"), ("is", "Verb")]
    everything = [("University", "X"), ("University  of Lyon", "Org"), ("Lyon", "Loc"), ("is", "Verb")]
    assert texts(doc.spans["nested"]) == everything
    assert doc.spans["nested"].attrs["scores"] == pytest.approx([0.5, 0.6, 0.7, 0.8])


def test_two_labels_of_the_same_span(doc):
    write(doc, {"nested": spans((3, 4, "City"), (3, 4, "Loc"))})
    assert texts(doc.ents) == [("Lyon", "City")]
    assert texts(doc.spans["nested"]) == [("Lyon", "City"), ("Lyon", "Loc")]


@pytest.mark.parametrize(("overwrite", "entities"), [(False, ["Lyon is", "old"]), (True, ["Lyon", "old"])])
def test_entities_that_were_there(doc, overwrite, entities):
    doc.ents = [Span(doc, 4, 6, "EARLIER"), Span(doc, 6, 7, "EARLIER")]
    write(doc, {"nested": spans((3, 4, "Loc"))}, overwrite_ents=overwrite)
    assert [span.text for span in doc.ents] == entities
    assert texts(doc.spans["nested"]) == [("Lyon", "Loc")]


def test_which_task_goes_to_ents(doc):
    annotations = {"entities": spans((3, 4, "Loc")), "nested": spans((1, 2, "Org"))}
    both = (ENTITIES, NESTED)
    write(doc, annotations, both)
    assert texts(doc.ents) == [("Lyon", "Loc")]
    doc.ents = []
    write(doc, annotations, both, ents="nested")
    assert texts(doc.ents) == [("University", "Org")]
    doc.ents = []
    write(doc, annotations, both, set_ents=False)
    assert not doc.ents
    assert set(doc.spans) == {"entities", "nested"}


def test_relations_survive_writing_and_retokenizing(doc):
    add_extension("relations")
    head, tail = Predicted(1, 2, "Org", 0.9), Predicted(3, 4, "Loc", 0.8)
    relations = RelationAnnotation((Relation(head, "in", tail, 0.7),))
    write(doc, {"nested": SpanAnnotation((head, tail)), "relations": relations}, (NESTED, RELATIONS))
    again = Doc(spacy.blank("en").vocab).from_bytes(doc.to_bytes())
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
    for one, head_text in ((again, "University"), (doc, "The University")):
        (relation,) = one._.relations
        assert (relation.label, relation.task, relation.score) == ("in", "relations", 0.7)
        assert texts([relation.head, relation.tail]) == [(head_text, "Org"), ("Lyon", "Loc")]
    assert relations_of(spacy.blank("en")("new")) == []


def test_labels_of_one_task_and_of_several(doc):
    topics = {"topics": LabelAnnotation(("food", "price"), (0.9, 0.6))}
    write(doc, topics, (TOPICS,))
    assert doc.cats == {"food": 0.9, "price": 0.6}
    write(doc, {"topics": LabelAnnotation(("food",), (0.8,))}, (TOPICS,))
    assert doc.cats == {"food": 0.8}, "what it said before is replaced"
    other = MultiLabelClassification(name="other")
    write(doc, {**topics, "other": LabelAnnotation(("food",), (0.1,))}, (TOPICS, other))
    assert doc.cats == {"topics/food": 0.9, "topics/price": 0.6, "other/food": 0.1}


def test_labels_and_spans_of_others_are_not_overwritten(doc):
    doc.cats = {"food": 0.1, "own": 1.0}
    labels = {"topics": LabelAnnotation(("food",), (0.9,))}
    with pytest.raises(ConfigurationError, match=r"doc.cats\['food'\] is there already.*'prefix'"):
        write(doc, labels, (TOPICS,))
    write(doc, labels, (TOPICS,), prefix="my ")
    assert doc.cats == {"food": 0.1, "own": 1.0, "my food": 0.9}
    write(doc, {"nested": OVERLAPPING})
    write(doc, {"nested": OVERLAPPING})  # its own it replaces
    with pytest.raises(ConfigurationError, match=r"doc.spans\['nested'\]"):
        write(doc, {"nested": spans()}, component="second")
    assert len(doc.spans["nested"]) == 4
    write(doc, {"nested": spans()}, component="second", prefix="second ")
    assert len(doc.spans["second nested"]) == 0


def test_no_spans_at_all(doc):
    write(doc, {"topics": LabelAnnotation((), ())}, (TOPICS,))
    assert not doc.ents
    assert not doc.cats


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ents": "nestd"}, r"ents: no task 'nestd' .*\(these do: nested\); did you mean 'nested'"),
        ({"ents": "topics"}, "ents: no task 'topics' of this model yields spans"),
        ({"by_sentence": True}, "by_sentence: 'topics' labels texts"),
    ],
)
def test_settings_that_do_not_fit_the_model(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        Settings(**settings).check(TaskGraph([NESTED, TOPICS]))


def test_an_attribute_of_another_package():
    Doc.set_extension("taken_by_another", default=SimpleNamespace())
    with pytest.raises(ConfigurationError, match=r"relations_attribute: doc\._\.taken_by_another belongs to"):
        add_extension("taken_by_another")
