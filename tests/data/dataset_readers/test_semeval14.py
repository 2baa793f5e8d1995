import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import SemEval14Reader, Span

SENTENCE = """<sentences><sentence id="3">
<text>The bar &amp; the bar's staff.</text>
<aspectTerms><aspectTerm term="bar" polarity="neutral" from="14" to="17"/>
<aspectTerm term="sta" polarity="negative" from="20" to="23"/></aspectTerms>
<aspectCategories><aspectCategory category="service" polarity="negative"/>
<aspectCategory category="service" polarity="negative"/></aspectCategories>
</sentence></sentences>"""


@pytest.fixture
def read(tmp_path):
    def run(text, **options):
        path = tmp_path / "dev.xml"
        path.write_text(text)
        return list(SemEval14Reader(**options).read(path))

    return run


def test_offsets_tell_equal_terms_apart(read):
    [instance] = read(SENTENCE)
    [span] = instance.annotations["aspect_terms"].spans
    assert instance.text == "The bar & the bar's staff."
    assert instance.tokens[span.start].start == 14
    assert span.label == "term"
    assert instance.annotations["aspect_terms"].unplaced == (("sta", "term"),)
    assert instance.annotations["aspect_categories"].labels == ("service",)
    assert instance.notes == {"span not on token boundaries": 1, "duplicate label": 1}
    assert instance.metadata["id"] == "3"


def test_polarity(read):
    [instance] = read(SENTENCE, labels="polarity")
    assert instance.annotations["aspect_terms"].spans == (Span(4, 5, "neutral"),)
    assert instance.annotations["aspect_categories"].labels == ("service/negative",)


def test_a_file_without_categories_is_not_annotated_for_them(read):
    [instance] = read("<sentences><sentence id='1'><text>Good.</text></sentence></sentences>")
    assert set(instance.annotations) == {"aspect_terms"}


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sentences><sentence>&b;</sentence></sentences>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            SENTENCE.replace('from="14"', 'from="13"'),
            "sentence '3': at [13, 17) the text has ' bar', not 'bar'",
        ),
        (SENTENCE.replace('from="14"', 'from="x"'), "from='x' is no offset"),
        (SENTENCE.replace("text>", "txt>"), "<text> is missing"),
        (SENTENCE[:-5], "malformed XML"),
        (BOMB, "entities is refused"),
        ("<html/>", "expected <sentences>"),
    ],
)
def test_bad_files_are_named(read, text, message):
    with pytest.raises(ConfigurationError) as error:
        read(text)
    assert "dev.xml" in str(error.value)
    assert message in str(error.value)
