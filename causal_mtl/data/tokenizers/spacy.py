"""Tokens by spaCy's rules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Token
from causal_mtl.data.tokenizers.tokenizer import Tokenizer

_JOINED = ("a-b", "1-2", "a/b")  # what an infix rule must leave alone when hyphens are kept


@Tokenizer.register("spacy")
class SpacyTokenizer(Tokenizer):
    """Tokens by the rules of a blank spaCy language: no trained pipeline is needed or loaded.

    The options bring raw text near to corpora tokenized as the Penn Treebank is (NYT, WebNLG, CoNLL04).

    Registered as a `Tokenizer` with name "spacy", the default.

    Args:
        language: spaCy's code of the language.
        ptb_quotes: double quotes become the tokens `` and '' (their offsets still point at the quotes).
        split_hyphens: False: words joined by a hyphen or slash ("Jay-Z", "2014-15") stay one token.

    Raises:
        ConfigurationError: spaCy does not have this language, or lacks what it needs.
    """

    def __init__(self, language: str = "en", ptb_quotes: bool = False, split_hyphens: bool = True) -> None:
        if language != "en":  # other languages may need packages of their own
            _check_language(language)
        self.language = language
        self.ptb_quotes = ptb_quotes
        self.split_hyphens = split_hyphens

    @cached_property
    def _spacy(self) -> Any:
        import spacy  # it imports torch: only when the first text comes
        from spacy.util import compile_infix_regex, compile_prefix_regex

        tokenizer: Any = spacy.blank(self.language).tokenizer
        defaults = spacy.util.get_lang_class(self.language).Defaults
        if not self.split_hyphens:
            infixes = [
                rule for rule in defaults.infixes or () if not any(re.search(rule, x) for x in _JOINED)
            ]
            tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
        if self.ptb_quotes:
            tokenizer.prefix_search = compile_prefix_regex(["``", *(defaults.prefixes or ())]).search
        return tokenizer

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_spacy"}

    def tokenize(self, text: str) -> list[Token]:  # noqa: D102
        pieces = [(token.text, token.idx) for token in self._spacy(text) if not token.is_space]
        tokens = [Token(piece, start, start + len(piece)) for piece, start in pieces]
        return list(_ptb_quotes(text, tokens)) if self.ptb_quotes else tokens


def _check_language(language: str) -> None:
    import spacy

    try:
        spacy.blank(language)
    except Exception as error:  # what a language's own packages raise when they are missing differs
        reason = " ".join(str(error).split())[:200]
        raise ConfigurationError(f"language: spaCy has no {language!r} here ({reason})") from error


def _ptb_quotes(text: str, tokens: Iterable[Token]) -> Iterable[Token]:
    """Turn quotes into `` and '': by the blanks around them, and in turn where blanks do not tell."""
    is_open = False
    for token in tokens:
        if token.text in ('"', "“", "”", "``", "''"):
            blank_before = (
                token.start == 0 or text[token.start - 1].isspace() or text[token.start - 1] in "([{"
            )
            blank_after = token.end == len(text) or text[token.end].isspace()
            if token.text == '"':
                is_open = blank_before if blank_before != blank_after else not is_open
            else:
                is_open = token.text in ("“", "``")
            token = Token("``" if is_open else "''", token.start, token.end)
        yield token
