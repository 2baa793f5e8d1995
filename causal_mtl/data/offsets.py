"""Words and where they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Token

_BLANKS = re.compile(r"\s*")
_QUOTES = {"``": ('"', "“"), "''": ('"', "”")}  # PTB-style tokens and what they may stand for


def split_words(text: str) -> list[Token]:
    """The runs of characters between blanks."""
    return [Token(match.group(), *match.span()) for match in re.finditer(r"\S+", text)]


def join_words(words: Sequence[str]) -> tuple[str, list[Token]]:
    """A text in which `words` are joined by single blanks, and the words as its tokens."""
    tokens = []
    position = 0
    for word in words:
        tokens.append(Token(word, position, position + len(word)))
        position += len(word) + 1
    return " ".join(words), tokens


def align_words(text: str, words: Sequence[str]) -> list[Token]:
    """`words` as tokens of `text`, which they must spell apart from blanks (and PTB-style quotes).

    Raises:
        ConfigurationError: they do not.
    """
    tokens = []
    position = 0
    for i, word in enumerate(words):
        position = _BLANKS.match(text, position).end()  # type: ignore[union-attr]
        found = next((w for w in (word, *_QUOTES.get(word, ())) if w and text.startswith(w, position)), None)
        if found is None:
            raise ConfigurationError(
                f"tokens[{i}]: {word!r} is not what the text has at character {position}: "
                f"{text[position : position + 20]!r}"
            )
        tokens.append(Token(word, position, position + len(found)))
        position += len(found)
    if text[position:].strip():
        raise ConfigurationError(
            f"tokens: the text goes on after the last one: {text[position:].strip()[:20]!r}"
        )
    return tokens


def token_range(text: str, tokens: Sequence[Token], start: int, end: int) -> tuple[int, int] | None:
    """The tokens ``[i, j)`` that cover exactly the characters ``text[start:end]``, blanks at its ends aside.

    None where the characters do not begin and end with a token.
    """
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    first = next((i for i, token in enumerate(tokens) if token.start == start), None)
    last = next((i for i, token in enumerate(tokens) if token.end == end), None)
    return None if first is None or last is None or last < first else (first, last + 1)
