"""What an embedder needs of a vocabulary, so that `nn` does not stand on `data`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class WordIndex(Protocol):
    """Words of a namespace and their ids (a `Vocabulary` is one)."""

    def get_vocab_size(self, namespace: str = ...) -> int:
        """How many ids the namespace has, padding and unknown included."""

    def get_token_to_index_vocabulary(self, namespace: str = ...) -> dict[str, int]:
        """The id of every word."""

    def add_tokens_to_namespace(self, tokens: Iterable[str], namespace: str = ...) -> list[int]:
        """Append words, those already there keep their id."""
