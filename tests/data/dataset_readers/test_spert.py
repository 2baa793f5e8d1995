import json

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Relation, Span, SpertReader

RECORD = {
    "tokens": ["Ann", "left", "Rome"],
    "entities": [{"type": "Peop", "start": 0, "end": 1}, {"type": "Loc", "start": 2, "end": 3}],
    "relations": [{"type": "left", "head": 0, "tail": 1}, {"type": "left", "head": 0, "tail": 1}],
    "orig_id": 5,
    "dataset": "mine",
}


@pytest.fixture
def read(tmp_path):
    def run(record):
        path = tmp_path / "dev.json"
        path.write_text(json.dumps([record]))
        return list(SpertReader().read(path))

    return run


def test_record(read):
    [instance] = read(RECORD)
    ann, rome = Span(0, 1, "Peop"), Span(2, 3, "Loc")
    assert instance.annotations["entities"].spans == (ann, rome)
    assert instance.annotations["relations"].relations == (Relation(ann, "left", rome),)
    assert instance.notes == {"duplicate relation": 1}
    assert instance.metadata == {"id": 5, "dataset": "mine"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens": ["Ann", " ", "Rome"]}, "'tokens'[1]: a token cannot be blank"),
        ({"entities": [{"type": "X", "start": 2, "end": 4}]}, "'entities'[0]: the mention [2, 4)"),
        ({"entities": [{"type": "X", "start": 2}]}, "'entities'[0]: 'end' is missing"),
        ({"relations": [{"type": "X", "head": 0, "tail": 2}]}, "there is no entity 2"),
        ({"relations": [{"type": "X", "head": -1, "tail": 0}]}, "there is no entity -1"),
        ({"relations": 3}, "'relations': expected a list"),
    ],
)
def test_bad_records_are_named(read, changes, message):
    with pytest.raises(ConfigurationError) as error:
        read({**RECORD, **changes})
    assert "record 1" in str(error.value)
    assert message in str(error.value)
