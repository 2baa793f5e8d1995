import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Token
from causal_mtl.data.offsets import align_words, join_words, split_words, token_range

word = st.text(st.characters(blacklist_categories=["Z", "C"]), min_size=1, max_size=5)


@given(st.lists(word, max_size=8))
def test_joined_words_are_split_and_aligned_again(words):
    text, tokens = join_words(words)
    assert [text[t.start : t.end] for t in tokens] == words
    assert split_words(text) == tokens
    assert align_words(text, words) == tokens


def test_words_are_aligned_with_running_text_and_quotes():
    text = 'He said "Yes."'
    tokens = align_words(text, ["He", "said", "``", "Yes", ".", "''"])
    assert tokens[2] == Token("``", 8, 9)
    assert [text[t.start : t.end] for t in tokens] == ["He", "said", '"', "Yes", ".", '"']


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Ann", "left"], r"tokens\[1\]: 'left' is not what"),
        (["Ann"], "goes on"),
        (["Ann", "eats", "x"], r"tokens\[2\]"),
    ],
)
def test_words_that_do_not_spell_the_text(words, message):
    with pytest.raises(ConfigurationError, match=message):
        align_words("Ann eats", words)


def test_characters_to_tokens():
    text, tokens = join_words(["Ann", "eats", "figs"])
    assert token_range(text, tokens, 0, 8) == (0, 2)
    assert token_range(text, tokens, 3, 9) == (1, 2)  # blanks at the ends
    assert token_range(text, tokens, 1, 3) is None
    assert token_range(text, tokens, 4, 7) is None
    assert token_range(text, tokens, 3, 4) is None
