import pytest
import spacy
from spacy.tokens import Doc

from causal_mtl.common import ConfigurationError
from causal_mtl.integrations.spacy.pieces import pieces_of


@pytest.fixture(scope="module")
def english():
    return spacy.blank("en")


def test_blank_tokens_are_left_out_and_shift_nothing(english):
    doc = english.make_doc("\n\nMaria   Keller\twas \n born.  ")
    (piece,) = pieces_of(doc, by_sentence=False)
    assert [token.text for token in piece.tokens] == ["Maria", "Keller", "was", "born", "."]
    for token, index in zip(piece.tokens, piece.indices, strict=True):
        assert piece.text[token.start : token.end] == token.text == doc[index].text
    assert len(doc) > len(piece.tokens)
    assert piece.span(doc, 0, 2, "PER").text == "Maria   Keller"
    assert piece.span(doc, 3, 4, "X").text == "born"


def test_the_tokens_are_the_documents_own(english):
    doc = Doc(english.vocab, words=["New York", "isn't", "x-y"], spaces=[True, False, False])
    (piece,) = pieces_of(doc, by_sentence=False)
    assert [(token.text, token.start) for token in piece.tokens] == [
        ("New York", 0),
        ("isn't", 9),
        ("x-y", 14),
    ]


def test_characters_of_chinese():
    doc = spacy.blank("zh").make_doc("被告人 吴某酒后驾驶")
    (piece,) = pieces_of(doc, by_sentence=False)
    assert [token.text for token in piece.tokens] == list("被告人吴某酒后驾驶")
    assert piece.span(doc, 3, 5, "PER").text == "吴某"


@pytest.mark.parametrize("text", ["", " ", "\n \t"])
def test_nothing_to_predict(english, text):
    assert pieces_of(english.make_doc(text), by_sentence=False) == []
    assert pieces_of(Doc(english.vocab), by_sentence=True) == []


def test_by_sentence(english):
    doc = english.make_doc("One two. \n Three four.")
    with pytest.raises(ConfigurationError, match=r'by_sentence: .* no sentences; add "sentencizer"'):
        pieces_of(doc, by_sentence=True)
    english.create_pipe("sentencizer")(doc)
    first, second = pieces_of(doc, by_sentence=True)
    assert [token.text for token in second.tokens] == ["Three", "four", "."]
    assert all(second.text[token.start : token.end] == token.text for token in second.tokens)
    assert second.span(doc, 0, 2, "X").text == "Three four"
    assert first.span(doc, 0, 2, "X").text == "One two"
