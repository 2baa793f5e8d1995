import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.data import SpacyTokenizer, Tokenizer, WhitespaceTokenizer


def words(tokenizer, text):
    return [token.text for token in tokenizer.tokenize(text)]


def test_whitespace():
    assert words(WhitespaceTokenizer(), " Paris.\tis  big\n") == ["Paris.", "is", "big"]


def test_spacy_takes_punctuation_off():
    assert words(SpacyTokenizer(), "Ann's in  Paris.") == ["Ann", "'s", "in", "Paris", "."]


@pytest.mark.parametrize(
    "tokenizer", [WhitespaceTokenizer(), SpacyTokenizer(), SpacyTokenizer("en", True, False)]
)
@given(text=st.text(max_size=40))
def test_offsets_point_into_the_text_and_only_blanks_are_left_out(tokenizer, text):
    tokens = tokenizer.tokenize(text)
    quotes = ('"', "“", "”", "``", "''")
    position = 0
    for token in tokens:
        assert not text[position : token.start].strip()
        piece = text[token.start : token.end]
        assert piece == token.text or (piece in quotes and token.text in ("``", "''"))
        position = token.end
    assert not text[position:].strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Yes," he said ("no").', "`` Yes , '' he said ( `` no '' ) ."),
        ("“Yes”", "`` Yes ''"),
        ("`` Yes ''", "`` Yes ''"),
        ('say " yes " twice', "say `` yes '' twice"),
    ],
)
def test_ptb_quotes(text, expected):
    assert words(SpacyTokenizer(ptb_quotes=True), text) == expected.split()


def test_hyphens():
    text = "Jay-Z, 2014-15 and HIV/AIDS."
    kept = SpacyTokenizer(split_hyphens=False)
    assert words(kept, text) == ["Jay-Z", ",", "2014-15", "and", "HIV/AIDS", "."]
    assert "-" in words(SpacyTokenizer(), text)


def test_other_languages():
    assert words(SpacyTokenizer("de"), "Das ist z.B. gut.") == ["Das", "ist", "z.B.", "gut", "."]


def test_pickled_after_use():
    tokenizer = SpacyTokenizer(ptb_quotes=True)
    tokenizer.tokenize("a")
    assert words(pickle.loads(pickle.dumps(tokenizer)), '"a"') == ["``", "a", "''"]


def test_spacy_is_imported_with_the_first_text_only():
    code = "import sys, causal_mtl.data as d; d.SpacyTokenizer(); assert 'spacy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_registered():
    assert Tokenizer.list_available() == ["spacy", "character", "jieba", "thulac", "whitespace"]
    assert isinstance(Tokenizer.from_params("whitespace"), WhitespaceTokenizer)
