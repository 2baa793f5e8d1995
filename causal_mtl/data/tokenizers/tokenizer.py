"""The base of all tokenizers."""

from __future__ import annotations

from abc import abstractmethod

from causal_mtl.common import Registrable
from causal_mtl.data.instance import Token


class Tokenizer(Registrable):
    """From raw text to tokens that know where they stand in it."""

    default_implementation = "spacy"

    @abstractmethod
    def tokenize(self, text: str) -> list[Token]:
        """The tokens of `text` in order; their offsets point into `text`. Blanks are never tokens."""
        raise NotImplementedError
