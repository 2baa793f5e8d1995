"""A word's vector from its characters."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from causal_mtl.common import Name, PositiveInt, Probability
from causal_mtl.nn.token_embedders.token_embedder import TokenEmbedder
from causal_mtl.nn.word_index import WordIndex

_WORDS = 64
"""Words are computed in multiples of so many: oneDNN keeps what it prepares for each shape of a convolution, so
the memory of a long prediction would creep up with every new number of words."""


@TokenEmbedder.register("character_cnn")
class CharacterCNN(TokenEmbedder):
    """Filters over a word's characters, the maximum of each. Registered with name "character_cnn".

    The output is `len(ngram_filter_sizes) * num_filters` wide.

    Args:
        vocab: filled in.
        embedding_dim: width of a character's vector.
        num_filters: filters for each width.
        ngram_filter_sizes: widths of the filters, in characters.
        dropout: on the characters' vectors.
        namespace: of the vocabulary, as in the token indexer.
    """

    def __init__(
        self,
        vocab: WordIndex,
        embedding_dim: PositiveInt = 30,
        num_filters: PositiveInt = 50,
        ngram_filter_sizes: tuple[PositiveInt, ...] = (3,),
        dropout: Probability = 0.0,
        namespace: Name = "token_characters",
    ) -> None:
        super().__init__()
        self.namespace = namespace
        self.output_dim = num_filters * len(ngram_filter_sizes)
        self.characters = nn.Embedding(vocab.get_vocab_size(namespace), embedding_dim, padding_idx=0)
        self.dropout = nn.Dropout(dropout)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(embedding_dim, num_filters, width, padding=width - 1) for width in ngram_filter_sizes
        )

    def word_rows(self) -> dict[str, str]:
        """The table of characters."""
        return {"characters.weight": self.namespace}

    def get_output_dim(self) -> int:
        """Number of filters in all."""
        return self.output_dim

    def forward(self, mask: Tensor, token_characters: Tensor) -> Tensor:  # type: ignore[override]
        """Vectors `(batch, tokens, output_dim)` of `token_characters`, `(batch, tokens, characters)`.

        Each word is padded by a whole filter on both sides, so the width of the batch changes no result.
        """
        words = token_characters[mask]  # (words, characters): padding is not computed
        number = len(words)
        words = torch.nn.functional.pad(words, (0, 0, 0, -number % _WORDS))
        real = (words != 0).unsqueeze(1)
        embedded = self.dropout(self.characters(words)).transpose(1, 2)  # (words, embedding, characters)
        pooled = [_max_over_word(convolution(embedded), real) for convolution in self.convolutions]
        vectors = torch.cat(pooled, dim=-1)[:number]
        output = vectors.new_zeros(*mask.shape, self.output_dim)
        output[mask] = vectors
        return output


def _max_over_word(filtered: Tensor, real: Tensor) -> Tensor:
    """The maximum of each filter over the windows that touch a real character, `(words, filters)`."""
    extra = filtered.shape[-1] - real.shape[-1]  # windows that reach over the word's end
    touches = torch.nn.functional.pad(real, (0, extra))
    for shift in range(1, extra + 1):
        touches = touches | torch.nn.functional.pad(real, (shift, extra - shift))
    return torch.relu(filtered.masked_fill_(~touches, float("-inf")).amax(dim=-1))
