"""One index per token."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn.utils.rnn import pad_sequence

from causal_mtl.common import Name
from causal_mtl.data.instance import Token
from causal_mtl.data.token_indexers.token_indexer import TokenIndexer, index_tensor
from causal_mtl.data.vocabulary import Counter, Vocabulary


@TokenIndexer.register("single_id")
class SingleIdIndexer(TokenIndexer):
    """One index per token: ``{"token_ids": (batch, tokens)}``, padded with 0.

    Registered as a `TokenIndexer` with name "single_id".

    Args:
        namespace: of the vocabulary.
        lowercase_tokens: treat all tokens as lower case.
        lowercase_fallback: a word that the vocabulary lacks is tried in lower case before it counts as
            unknown.
    """

    def __init__(
        self, namespace: Name = "tokens", lowercase_tokens: bool = False, lowercase_fallback: bool = True
    ) -> None:
        self.namespace = namespace
        self.lowercase_tokens = lowercase_tokens
        self.lowercase_fallback = lowercase_fallback

    def count_vocab_items(self, token: Token, counter: Counter) -> None:  # noqa: D102
        text = token.text.lower() if self.lowercase_tokens else token.text
        counter[self.namespace][text] += 1

    def tokens_to_indices(self, tokens: Sequence[Token], vocab: Vocabulary) -> torch.Tensor:
        """Indices of one sentence, ``(tokens,)``."""
        known = vocab.get_token_to_index_vocabulary(self.namespace)
        words = [token.text.lower() if self.lowercase_tokens else token.text for token in tokens]
        indices = []
        for word in words:
            index = known.get(word)
            if index is None and self.lowercase_fallback:
                index = known.get(word.lower())
            indices.append(vocab.get_token_index(word, self.namespace) if index is None else index)
        return index_tensor(indices)

    def collate(self, sentences: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:  # noqa: D102
        return {"token_ids": pad_sequence(list(sentences), batch_first=True)}
