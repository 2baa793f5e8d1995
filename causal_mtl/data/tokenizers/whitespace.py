"""Tokens between blanks."""

from __future__ import annotations

from causal_mtl.data.instance import Token
from causal_mtl.data.offsets import split_words
from causal_mtl.data.tokenizers.tokenizer import Tokenizer


@Tokenizer.register("whitespace")
class WhitespaceTokenizer(Tokenizer):
    """Splits at blanks only: for text that is tokenized already.

    Registered as a `Tokenizer` with name "whitespace".
    """

    def tokenize(self, text: str) -> list[Token]:  # noqa: D102
        return split_words(text)
