"""The characters of each token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch

from causal_mtl.common import Name, PositiveInt, Range
from causal_mtl.data.instance import Token
from causal_mtl.data.token_indexers.token_indexer import TokenIndexer, index_tensor
from causal_mtl.data.vocabulary import OOV_TOKEN, Counter, Vocabulary


@TokenIndexer.register("characters")
class CharactersIndexer(TokenIndexer):
    """The characters of each token: ``{"token_characters": (batch, tokens, characters)}``, padded with 0.

    Registered as a `TokenIndexer` with name "characters".

    Args:
        namespace: of the vocabulary.
        min_padding_length: pad to at least so many characters (a convolution needs its width).
        max_length: cut longer tokens (URLs, DNA) to so many characters. Default: no limit.
    """

    def __init__(
        self,
        namespace: Name = "token_characters",
        min_padding_length: Annotated[int, Range(ge=0, le=1000)] = 0,
        max_length: PositiveInt | None = None,
    ) -> None:
        self.namespace = namespace
        self.min_padding_length = min_padding_length
        self.max_length = max_length

    def count_vocab_items(self, token: Token, counter: Counter) -> None:  # noqa: D102
        counts = counter[self.namespace]
        for char in token.text[: self.max_length]:
            counts[char] += 1

    def tokens_to_indices(self, tokens: Sequence[Token], vocab: Vocabulary) -> torch.Tensor:
        """Indices of one sentence, ``(tokens, longest token)``."""
        # A hidden word is one unknown character.
        words: list[Sequence[str]] = [
            [OOV_TOKEN] if token.text == OOV_TOKEN else token.text[: self.max_length] for token in tokens
        ]
        known = vocab.get_token_to_index_vocabulary(self.namespace)
        width = max(map(len, words), default=0)
        indices: list[int] = []
        for word in words:
            indices += [known[c] if c in known else vocab.get_token_index(c, self.namespace) for c in word]
            indices += [0] * (width - len(word))
        return index_tensor(indices).reshape(len(words), width)

    def collate(self, sentences: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:  # noqa: D102
        tokens = max((s.shape[0] for s in sentences), default=0)
        width = max((s.shape[1] for s in sentences), default=0)
        batch = torch.zeros(len(sentences), tokens, max(width, self.min_padding_length), dtype=torch.long)
        for row, sentence in zip(batch, sentences, strict=True):
            row[: sentence.shape[0], : sentence.shape[1]] = sentence
        return {"token_characters": batch}
