"""Texts as `effects ngrams` and `effects compare` read them."""

import json

import pytest

from causal_mtl import load
from causal_mtl.analysis.effects import read_texts
from causal_mtl.common import ConfigurationError

BORN = "Alan Bean was born in Wheeler ."


@pytest.fixture
def read(tmp_path):
    """Write records and read them."""

    def texts(archive, *records):
        path = tmp_path / "texts.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return list(read_texts(load(archive), path))

    return texts


def test_names_and_gold(of_world, read):
    gold = {"B": {"labels": ["b1"]}}
    named, other = read(of_world(), {"id": 7, "text": "a b", "annotations": gold}, {"text": "c"})
    assert (named.name, named.gold["B"].labels, named.instance.annotations) == ("7", ("b1",), {})
    assert other.name.endswith("texts.jsonl:2")


def test_what_is_given_in_part_is_completed(trained, read):
    """Else what is not given would be taken not to be there."""
    mentions = load(trained)
    label = mentions.model.tasks["entities"].label_names(mentions.archive.vocab)[0]
    given = {"spans": [{"start": 10, "end": 13, "label": label}], "partial": True}
    record = {"text": BORN, "given": {"entities": given}}
    (text,) = read(trained, record)
    found = text.instance.annotations["entities"]
    assert not found.partial
    assert len(found.spans) == len(mentions.predict(record)["annotations"]["entities"]["spans"]) > 1


def test_probabilities_that_are_given_are_refused(of_world, read):
    given = {"A": {"labels": ["a0", "a1"], "probabilities": [0.5, 0.5]}}
    with pytest.raises(ConfigurationError, match=r"texts.jsonl:2: given\.A: expected labels without"):
        read(of_world(), {"text": "a"}, {"text": "a", "given": given})
