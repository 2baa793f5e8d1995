import json
import logging

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Cail2018Reader, CharacterTokenizer
from causal_mtl.data.dataset_readers.cail2018 import interval


def case(article=266, charge="诈骗", months=7, **term):
    articles, charges = ([x] if not isinstance(x, list) else x for x in (article, charge))
    term = {"imprisonment": months, "life_imprisonment": False, "death_penalty": False, **term}
    return {
        "fact": "某事",
        "meta": {"relevant_articles": articles, "accusation": charges, "term_of_imprisonment": term},
    }


@pytest.fixture
def read(tmp_path):
    def run(cases, **options):
        path = tmp_path / "dev.json"
        path.write_text("\n".join(json.dumps(c) for c in cases))
        return list(Cail2018Reader(tokenizer=CharacterTokenizer(), **options).read(path))

    return run


def labels(instance):
    return {task: annotation.labels for task, annotation in instance.annotations.items()}


def test_labels(read):
    one, two = read([case(234, "故意[伤害]"), case(death_penalty=True)])
    assert labels(one) == {"article": ("234",), "charge": ("故意伤害",), "term": ("> 6",)}
    assert labels(two)["term"] == ("life or death",)


@pytest.mark.parametrize(
    ("months", "label"),
    [(0, "none"), (1, "> 0"), (6, "> 0"), (7, "> 6"), (9, "> 6"), (10, "> 9"), (12, "> 9"), (13, "> 12"),
     (24, "> 12"), (25, "> 24"), (36, "> 24"), (37, "> 36"), (60, "> 36"), (61, "> 60"), (84, "> 60"),
     (85, "> 84"), (120, "> 84"), (121, "> 120")],
)  # fmt: skip
def test_intervals_are_those_of_topjudge(months, label):
    assert interval(months) == label


def test_several_labels_and_rare_ones(read, caplog):
    cases = [case()] * 3 + [case(234, "伤害"), case([266, 234]), case(charge=["诈骗", "盗窃"])]
    with caplog.at_level(logging.WARNING):
        assert len(read(cases)) == 4
        assert len(read(cases, min_count=2)) == 3
    assert "2 cases are left out: not one article and one charge" in caplog.text
    assert "1 cases are left out: an article or charge with fewer than 2 cases" in caplog.text
    assert labels(read(cases, several=True)[4])["article"] == ("266", "234")


def test_classes_are_counted_in_the_training_file(read, tmp_path):
    train = tmp_path / "train.json"
    train.write_text("\n".join(json.dumps(case(234, "伤害")) for _ in range(2)))
    found = read([case(), case(234, "伤害")], min_count=2, count_in=str(train))
    assert [labels(i)["article"] for i in found] == [("234",)]


def test_a_trained_model_has_the_counts_and_opens_no_other_file(tmp_path):
    train, dev = tmp_path / "train.json", tmp_path / "dev.json"
    train.write_text("\n".join(json.dumps(case(234, "伤害")) for _ in range(2)))
    dev.write_text("\n".join(map(json.dumps, [case(), case(234, "伤害")])))
    options = {"tokenizer": CharacterTokenizer(), "min_count": 2, "count_in": str(train)}
    Cail2018Reader(**options, archive_files=tmp_path)
    train.unlink()
    loaded = Cail2018Reader(**options, archive_files=tmp_path, load_pretrained=False)
    assert [labels(i)["article"] for i in loaded.read(dev)] == [("234",)]
    (tmp_path / "counts.json").write_text('{"article": {}, "charge": {"诈骗": "3"}}')
    with pytest.raises(
        ConfigurationError, match=r'counts\.json: charge: .*诈骗.*expected an integer, got "3"'
    ):
        Cail2018Reader(**options, archive_files=tmp_path, load_pretrained=False)
    (tmp_path / "counts.json").unlink()
    train.write_text(dev.read_text())  # is not looked at
    early = Cail2018Reader(**options, archive_files=tmp_path, load_pretrained=False)
    with pytest.raises(
        ConfigurationError, match=r"does not hold the counts of .*train\.json.*min_count to 0"
    ):
        list(early.read(dev))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({**case(), "meta": 3}, "dev.json:1: 'meta': expected an object"),
        (case(article=2.5), "'relevant_articles': expected an integer"),
        (case(months=-1), "-1 months"),
        (case(death_penalty="no"), "expected true or false"),
    ],
)
def test_bad_records_are_named(read, record, message):
    with pytest.raises(ConfigurationError) as error:
        read([record])
    assert message in str(error.value)
