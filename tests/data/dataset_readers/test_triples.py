import json

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import DatasetReader, Relation, Span, TriplesReader


@pytest.fixture
def read(tmp_path):
    def read(*records, lines=False, **options):
        path = tmp_path / "data.json"
        text = "\n".join(map(json.dumps, records)) if lines else json.dumps(records)
        path.write_text(text)
        return list(TriplesReader(**options).read(path))

    return read


CASREL = {"text": "Ann was born in Rome .", "triple_list": [["Ann", "born in", "Rome"]]}


@pytest.mark.parametrize("lines", [False, True])
def test_first_dialect(read, lines):
    [instance] = read(CASREL | {"id": 7}, lines=lines)
    entities, relations = instance.annotations["entities"], instance.annotations["relations"]
    ann, rome = Span(0, 1, "entity"), Span(4, 5, "entity")
    assert entities.spans == (ann, rome)
    assert relations.relations == (Relation(ann, "born in", rome),)
    assert entities.by_text
    assert relations.by_text
    assert instance.metadata == {"id": 7}
    assert not instance.notes


def test_tasks_are_named_by_options(read):
    [instance] = read(CASREL, mentions="names", relations="facts")
    assert set(instance.annotations) == {"names", "facts"}
    with pytest.raises(ConfigurationError, match="two tasks"):
        TriplesReader(mentions="a", relations="a")


def test_second_dialect_has_types_and_pairs_without_relation(read):
    record = {
        "sentText": "Ann left Rome .\r\n",
        "relationMentions": [
            {"em1Text": "Ann", "em2Text": "Rome", "label": "left"},
            {"em1Text": "Rome", "em2Text": "Ann", "label": "None"},
        ],
        "entityMentions": [{"start": 0, "text": "Ann", "label": "PERSON"}, {"text": "left", "label": "VERB"}],
        "sentId": 3,
    }
    [instance] = read(record, lines=True)
    ann, left, rome = Span(0, 1, "PERSON"), Span(1, 2, "VERB"), Span(2, 3, "entity")
    assert instance.annotations["entities"].spans == (ann, left, rome)
    assert instance.annotations["relations"].relations == (Relation(ann, "left", rome),)
    assert instance.metadata["sentId"] == 3


def test_a_second_type_of_a_mention_is_counted_and_kept_as_unplaced(read):
    mentions = [{"text": "Rome", "label": label} for label in ("CITY", "TEAM", "CITY", "TEAM")]
    [instance] = read({"sentText": "Rome won", "relationMentions": [], "entityMentions": mentions})
    entities = instance.annotations["entities"]
    assert entities.spans == (Span(0, 1, "CITY"),)
    assert entities.unplaced == (("Rome", "TEAM"),)
    assert instance.notes == {"second type of a mention": 1}


def test_third_dialect_has_offsets_and_types(read):
    detail = [0, 2, "person", "lives in", 4, 5, "city"]
    [instance] = read(
        {"tokens": ["Ann", "Lee", "lives", "in", "Ann"], "spo_list": [], "spo_details": [detail, detail]}
    )
    entities, relations = instance.annotations["entities"], instance.annotations["relations"]
    assert entities.spans == (Span(0, 2, "person"), Span(4, 5, "city"))
    assert relations.relations == (Relation(Span(0, 2, "person"), "lives in", Span(4, 5, "city")),)
    assert not entities.by_text
    assert not relations.by_text
    assert instance.notes == {"duplicate relation": 1}
    assert instance.text == "Ann Lee lives in Ann"


def test_nothing_vanishes_silently(read):
    triples = [["Ann", "r", "Rome"], ["Ann", "r", "Rome"], ["Ann", "r", "Oslo"], ["Bo", "r", "Oslo"]]
    [instance] = read({"text": "Ann in Rome", "triple_list": triples})
    assert instance.annotations["entities"].unplaced == (("Oslo", "entity"), ("Bo", "entity"))
    assert instance.annotations["relations"].unplaced == (("Ann", "r", "Oslo"), ("Bo", "r", "Oslo"))
    assert instance.notes == {
        "duplicate relation": 1,
        "mention not in the text": 2,
        "relation not in the text": 2,
    }


def test_the_three_dialects_of_the_fixtures_agree(fixtures):
    copyre = list(TriplesReader().read(fixtures / "triples/copyre.jsonl"))
    spo = list(TriplesReader().read(fixtures / "triples/spo.json"))
    for one, other in zip(copyre, spo, strict=True):
        assert one.tokens == other.tokens

        def triples(instance):
            found = instance.annotations["relations"].relations
            return [(r.head.start, r.head.end, r.label, r.tail.start, r.tail.end) for r in found]

        assert triples(one) == triples(other)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("not_json.json", r"not_json\.json:2: malformed JSON"),
        ("not_json.jsonl", r"not_json\.jsonl:3: malformed JSON"),
        ("missing_key.json", r"record 2: 'triple_list' is missing \(expected a list\)"),
        (
            "short_triple.json",
            r"record 1: 'triple_list'\[0\]: expected \[head, relation, tail\], got \[\"A\", \"r\"\]",
        ),
        ("wrong_type.json", r"record 1: 'text': expected a string, got 3"),
        (
            "no_dialect.json",
            "expected the key 'triple_list', 'relationMentions' or 'spo_details', got 'sentence'",
        ),
        ("not_an_object.jsonl", r"jsonl:2: expected an object, got 3"),
        ("empty.json", "no instances"),
        ("outside.json", r"\[1, 2\) does not lie within 1 tokens"),
    ],
)
def test_bad_files(fixtures, file, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        list(TriplesReader().read(fixtures / "bad" / file))
    assert file in str(caught.value)


def test_raw_text_is_tokenized_like_the_corpora():
    instance = TriplesReader().text_to_instance('Jay-Z likes "Paris."')
    assert [token.text for token in instance.tokens] == ["Jay-Z", "likes", "``", "Paris", ".", "''"]
    assert instance.text == 'Jay-Z likes "Paris."'


def test_from_params():
    reader = DatasetReader.from_params(
        {
            "type": "triples",
            "mentions": "names",
            "token_indexers": {"chars": "characters"},
            "tokenizer": "whitespace",
        }
    )
    assert reader.mentions == "names"
    assert list(reader.token_indexers) == ["chars"]


def test_real_files_keep_every_triple(real_data):
    instances = list(TriplesReader().read(real_data / "webnlg/dev.json"))
    records = json.loads((real_data / "webnlg/dev.json").read_text())
    assert len(instances) == len(records) == 500
    for instance, record in zip(instances, records, strict=True):
        annotation = instance.annotations["relations"]
        found = {
            (instance.span_text(r.head), r.label, instance.span_text(r.tail)) for r in annotation.relations
        }
        assert found | set(annotation.unplaced) == {tuple(triple) for triple in record["triple_list"]}


def test_raw_text_of_real_files_gives_their_tokens(real_data):
    reader = TriplesReader(max_instances=500)
    instances = list(reader.read(real_data / "webnlg/train.json"))
    same = sum(reader.text_to_instance(i.text).tokens == i.tokens for i in instances)
    assert same >= 0.95 * len(instances)
