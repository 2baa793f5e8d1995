import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import BratReader, Relation, Span, WhitespaceTokenizer

TEXT = "Ann left\r\nRome and Bern\n"
NOTES = """T1\tP 0 3\tAnn
T2\tL 10 14\tRome
T3\tL 10 14;19 23\tRome Bern
T4\tX 4 14\tleft Rome
T5\tL 19 22\tBer
R1\tleft Arg1:T1 Arg2:T2
R2\tleft Arg1:T1 Arg2:T3
R3\tnear Arg1:T2 Arg2:T2
A1\tNegation T1
#1\tAnnotatorNotes T1\tsomething
"""


@pytest.fixture
def read(tmp_path):
    def run(text=TEXT, notes=NOTES, unit="document"):
        (tmp_path / "brat/sub").mkdir(parents=True, exist_ok=True)
        (tmp_path / "brat/sub/a.txt").write_text(text, newline="")
        (tmp_path / "brat/sub/a.ann").write_text(notes)
        return list(BratReader(tokenizer=WhitespaceTokenizer(), unit=unit).read(tmp_path / "brat"))

    return run


def test_nothing_is_dropped_in_silence(read):
    [instance] = read()
    ann, rome = Span(0, 1, "P"), Span(2, 3, "L")
    assert instance.annotations["entities"].spans == (ann, Span(1, 3, "X"), rome)
    assert instance.annotations["entities"].unplaced == (("Ber", "L"), ("Rome Bern", "L"))
    assert set(instance.annotations["relations"].relations) == {
        Relation(ann, "left", rome),
        Relation(rome, "near", rome),
    }
    assert instance.annotations["relations"].unplaced == (("Ann", "left", "Rome Bern"),)
    assert instance.notes == {
        "discontinuous mention": 1,
        "span not on token boundaries": 1,
        "relation of a mention that has no place": 1,
        "attribute not read": 1,
    }
    assert instance.metadata["id"] == "sub/a"


@pytest.mark.parametrize("unit", ["document", "line"])
def test_a_byte_order_mark_is_a_character_and_no_text(read, unit):
    [instance] = read("\ufeffAnn left Rome", "T1\tP 1 4\tAnn\nT2\tL 10 14\tRome\n", unit)
    assert instance.text == "Ann left Rome"
    assert instance.annotations["entities"].spans == (Span(0, 1, "P"), Span(2, 3, "L"))
    assert not instance.notes


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("\ufeffAnn left Rome", "T1\tP 0 3\tAnn"),
        ("Ann left\nRome.", "T1\tL 10 14\tRome"),
        ("Ann left Rome", "T1\tL 0 3;9 13\tAnn Bern"),
    ],
)
def test_offsets_that_count_otherwise_are_refused(read, text, notes):
    with pytest.raises(
        ConfigurationError, match=r"a\.ann:1: the text is .* there: the offsets may be those of"
    ):
        read(text, notes)


def test_events_and_their_relations_are_counted(read):
    [instance] = read(notes="T1\tP 0 3\tAnn\nT2\tGo 4 8\tleft\nE1\tGo:T2 Who:T1\n"
                      "R1\tof Arg1:E1 Arg2:T1\nR2\tof Arg1:T1 Arg2:E1\nR3\tby Arg1:T2 Arg2:T1\n")  # fmt: skip
    ann, left = Span(0, 1, "P"), Span(1, 2, "Go")
    assert instance.annotations["relations"].relations == (Relation(left, "by", ann),)
    assert instance.notes == {"event not read": 1, "relation of an event not read": 2}


def test_what_is_not_utf8_is_named(read, tmp_path):
    read()
    (tmp_path / "brat/sub/a.txt").write_bytes(b"Ann\nleft \xff")
    with pytest.raises(ConfigurationError, match=r"a\.txt:2: not UTF-8"):
        list(BratReader().read(tmp_path / "brat"))


def test_lines(read):
    first, second = read(unit="line")
    assert (first.text, second.text) == ("Ann left", "Rome and Bern")
    assert first.annotations["entities"].spans == (Span(0, 1, "P"),)
    assert first.annotations["entities"].unplaced == (("left Rome", "X"),)
    assert len(first.annotations["relations"].unplaced) == 2
    assert second.annotations["entities"].spans == (Span(0, 1, "L"),)
    assert first.metadata["id"] == "sub/a:0"


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ("T1\tP 0 99\tAnn", "a.ann:1: [0, 99) is not within the 24 characters"),
        ("T1\tP 0\tAnn", "a.ann:1: expected 'Type start end'"),
        ("T1\tP 0 3\tAnn\nT1\tP 0 3\tAnn", "a.ann:2: there are two annotations T1"),
        ("R1\tx Arg1:T1 Arg2:T2", "a.ann:1: there is no annotation T1"),
        ("R1\tx T1 T2", "a.ann:1: expected 'Type Arg1:T1 Arg2:T2'"),
        ("hello", "a.ann:1: not an annotation of brat"),
    ],
)
def test_bad_lines_are_named(read, notes, message):
    with pytest.raises(ConfigurationError) as error:
        read(notes=notes)
    assert message in str(error.value)


def test_a_text_needs_annotations(read, tmp_path):
    read()
    (tmp_path / "brat/b.txt").write_text("x")
    with pytest.raises(ConfigurationError, match=r"b\.txt: there is no b\.ann beside it"):
        list(BratReader().read(tmp_path / "brat"))
    with pytest.raises(ConfigurationError, match="expected a folder"):
        list(BratReader().read(tmp_path / "brat/b.txt"))
