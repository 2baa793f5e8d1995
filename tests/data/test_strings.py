import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.data.strings import expect_label, expect_token, expect_tokens

BAD = [
    ("", "cannot be empty"),
    (" ", "cannot be blank"),
    ("\u2003", "cannot be blank"),
    (" x", "begin or end with a blank"),
    ("x\xa0", "begin or end with a blank"),
    ("a\nb", "line break"),
    ("a\rb", "line break"),
    ("a\u2028b", "line break"),
    ("@@NEWLINE@@", "line break"),
    ("x@@RETURN@@", "line break"),
    ("a\ud800", "surrogate"),
    (3, "expected a string"),
]


@pytest.mark.parametrize(("string", "message"), BAD)
def test_what_cannot_be_a_token_or_a_label(string, message):
    with pytest.raises(ConfigurationError, match=f"^here: .*{message}"):
        expect_label(string, "here")
    with pytest.raises(ConfigurationError, match=rf"^here\[1\]: .*{message}"):
        expect_tokens(["a", string], "here")


@pytest.mark.parametrize("string", ["x", "New York", "a@@b", "é", "𝕏", "`` ''", "\u200b"])
def test_what_can(string):
    assert expect_label(string, "") == expect_token(string, "") == string
    assert expect_tokens([string, "a"], "") == [string, "a"]


@given(st.lists(st.text("ab \n@\u2028é\ud800") | st.just("@@NEWLINE@@")))
def test_a_list_is_checked_as_each_of_it(words):
    def accepted(function, value):
        try:
            function(value, "")
        except ConfigurationError:
            return False
        return True

    assert accepted(expect_tokens, words) == all(accepted(expect_token, word) for word in words)
