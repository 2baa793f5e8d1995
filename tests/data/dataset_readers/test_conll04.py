import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Conll04Reader, Relation, Span

LINES = """#doc 7
0\tAnn\tB-Peop\t['N']\t[0]
1\tLee\tI-Peop\t['Live_In', 'Kill']\t[3, 0]
2\tleft\tO\t['N']\t[2]
3\tRome\tB-Loc\t['N']\t[3]
"""


@pytest.fixture
def read(tmp_path):
    def run(text):
        path = tmp_path / "dev.txt"
        path.write_text(text)
        return list(Conll04Reader().read(path))

    return run


def test_relations_hang_on_last_tokens(read):
    [instance] = read(LINES)
    ann, rome = Span(0, 2, "Peop"), Span(3, 4, "Loc")
    assert instance.text == "Ann Lee left Rome"
    assert instance.annotations["entities"].spans == (ann, rome)
    assert instance.annotations["relations"].relations == (Relation(ann, "Live_In", rome),)
    assert instance.annotations["relations"].unplaced == (("Ann Lee", "Kill", "Ann"),)
    assert instance.notes == {"relation of a token that ends no mention": 1}
    assert instance.metadata["id"] == "7"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("#doc 7\n", "", "dev.txt:1: expected '#doc ID'"),
        ("[3, 0]", "[3]", "dev.txt:3: 2 relation names, but 1 indices"),
        ("[3, 0]", "[3, 9]", "token 1 has a relation to token 9"),
        ("['Live_In', 'Kill']", "__import__('os')", "dev.txt:3: expected ['name'"),
        ("B-Loc", "X-Loc", "dev.txt:5: 'X-Loc' is no BIO tag"),
        ("\tRome\t", "\t \t", "dev.txt:5: a token cannot be blank"),
        ("2\tleft", "4\tleft", "dev.txt:4: expected the index 2, got '4'"),
        ("\t[2]", "", "dev.txt:4: expected index, token, tag"),
    ],
)
def test_bad_lines_are_named(read, old, new, message):
    with pytest.raises(ConfigurationError) as error:
        read(LINES.replace(old, new))
    assert message in str(error.value)


def test_fixture(fixtures):
    instances = list(Conll04Reader().read(fixtures / "conll04/train.txt"))
    assert len(instances) == 200
    assert not any(instance.notes for instance in instances)
