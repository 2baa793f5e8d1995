import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.data import ConllReader, Span, TagScheme
from causal_mtl.data.dataset_readers.conll import _tag


@pytest.fixture
def read(tmp_path):
    def run(text, **options):
        path = tmp_path / "dev.txt"
        path.write_text(text)
        return list(ConllReader(**options).read(path))

    return run


@pytest.mark.parametrize(
    "tags",
    [
        "B-X I-X I-X O B-Y B-X",  # BIO
        "B-X I-X L-X O U-Y U-X",  # BIOUL
        "B-X I-X E-X O S-Y S-X",  # BIOES
        "B-X M-X E-X O S-Y S-X",  # BMES
        "I-X I-X I-X O I-Y I-X",  # IOB1
    ],
)
def test_any_scheme(read, tags):
    rows = "\n".join(f"w{i} {tag}" for i, tag in enumerate(tags.split()))
    [instance] = read(rows)
    assert instance.annotations["entities"].spans == (Span(0, 3, "X"), Span(4, 5, "Y"), Span(5, 6, "X"))


def test_only_ascii_blanks_separate_fields(read):
    [instance] = read("10\u00a0000 CD B-X  \nWon  NN O\n")
    assert [token.text for token in instance.tokens] == ["10\u00a0000", "Won"]
    assert instance.annotations["entities"].spans == (Span(0, 1, "X"),)
    with pytest.raises(ConfigurationError, match=r"dev\.txt:2: column 0 is blank"):
        read("北 B-LOC\n\u3000 O\n他 O")


def test_columns_comments_and_documents(read):
    text = "-DOCSTART-\tO\tO\n\n# sent\n1\tNew York\tB\tO\n2\tis\tO\tB-V\n\n\n1\told\tO\tO\n"
    first, second = read(text, tags={"places": 2, "verbs": -1}, token_column=1, comment="# ")
    assert [t.text for t in first.tokens] == ["New York", "is"]
    assert first.annotations["places"].spans == (Span(0, 1, "entity"),)
    assert first.annotations["verbs"].spans == (Span(1, 2, "V"),)
    assert second.metadata["id"] == "dev.txt:1:1"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("Ann NNP", {}, "dev.txt:1: 'NNP' is no tag"),
        ("Ann O\nLee", {"tags": {"e": 1}}, "dev.txt:2: there is no column 1, the line has 1 fields"),
        ("Ann\tO\n\tO", {}, "dev.txt:2: column 0 is blank"),
        ("", {}, "there are no instances"),
    ],
)
def test_bad_lines_are_named(read, text, options, message):
    with pytest.raises(ConfigurationError) as error:
        read(text, **options)
    assert message in str(error.value)


@pytest.mark.parametrize("scheme", ["BIO", "BIOUL", "BIOES"])
@given(
    places=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4), st.sampled_from("XY")), max_size=5),
)
def test_what_a_scheme_encodes_is_read_back(scheme, places):
    spans, _ = TagScheme.drop_overlaps(Span(s, min(10, s + n), label) for s, n, label in places)
    tags = TagScheme(scheme).encode(spans, 10)
    assert TagScheme("BIOES").decode([_tag(tag, "") for tag in tags]) == spans
