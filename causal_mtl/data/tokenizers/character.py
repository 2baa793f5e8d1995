"""One token per character."""

from __future__ import annotations

from causal_mtl.data.instance import Token
from causal_mtl.data.tokenizers.tokenizer import Tokenizer


@Tokenizer.register("character")
class CharacterTokenizer(Tokenizer):
    """One token per character that is not blank: for Chinese without a word segmenter.

    Registered as a `Tokenizer` with name "character".
    """

    def tokenize(self, text: str) -> list[Token]:  # noqa: D102
        return [Token(char, i, i + 1) for i, char in enumerate(text) if not char.isspace()]
