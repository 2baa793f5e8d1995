"""Word vectors from a table, random or pretrained."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from causal_mtl.common import (
    ConfigurationError,
    Construct,
    InputFile,
    Name,
    PositiveInt,
    Probability,
    Problem,
)
from causal_mtl.nn.token_embedders.token_embedder import TokenEmbedder
from causal_mtl.nn.token_embedders.word_vectors import read_word_vectors
from causal_mtl.nn.word_index import WordIndex

PADDING, UNKNOWN = 0, 1


@TokenEmbedder.register("embedding")
class Embedding(TokenEmbedder):
    """One vector per word. Registered as a `TokenEmbedder` with name "embedding".

    With a `pretrained_file` every word of the file becomes usable: a word of the vocabulary starts at its
    vector (or at that of its lower-case form), and the words that training never saw are appended to the
    vocabulary, with vectors that stay as they are (they would never get a gradient), so that the optimizer
    does not carry them.

    Args:
        vocab: filled in; extended by the words of `pretrained_file`.
        embedding_dim: width of the vectors; must be that of `pretrained_file`.
        namespace: of the vocabulary, as in the token indexer.
        pretrained_file: a text file (.txt, .gz or .zip) or URL with one word and its vector per line.
        max_pretrained_words: read only the first so many words of the file (None: all).
        trainable: False leaves all vectors as they start.
        word_dropout: in training, the chance that a word is read as the unknown word, which so gets trained.
        load_pretrained: filled in as False when a trained model is loaded: its archive has the vectors.

    Raises:
        ConfigurationError: no word of the vocabulary is in `pretrained_file`.
    """

    unseen: Tensor
    """Vectors of words that training never saw, `(words, embedding_dim)`; their ids follow those of `weight`."""

    def __init__(
        self,
        vocab: WordIndex,
        embedding_dim: PositiveInt,
        namespace: Name = "tokens",
        pretrained_file: InputFile | None = None,
        max_pretrained_words: PositiveInt | None = None,
        trainable: bool = True,
        word_dropout: Probability = 0.0,
        load_pretrained: bool = True,
    ) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim
        self.namespace = namespace
        self.word_dropout = word_dropout
        vectors: dict[str, np.ndarray] = {}
        if pretrained_file and load_pretrained:
            vectors = dict(read_word_vectors(pretrained_file, embedding_dim, max_pretrained_words))
        self._make_tables(vocab, vectors, pretrained_file or "", trainable)

    def _make_tables(
        self,
        vocab: WordIndex,
        vectors: dict[str, np.ndarray],
        source: str,
        trainable: bool,
        append: bool = True,
    ) -> None:
        """The trained and the fixed vectors, random but for those of `vectors`.

        Args:
            vocab: extended by the words of `vectors`.
            vectors: by word; none: all are random.
            source: of `vectors`, for messages.
            trainable: the vectors of words that training saw.
            append: give the other words of `vectors` an id, too.
        """
        self.source = source
        size = vocab.get_vocab_size(self.namespace)
        weight = torch.empty(size, self.embedding_dim).normal_(std=self.embedding_dim**-0.5)
        unseen = torch.empty(0, self.embedding_dim)
        if vectors:
            _start_at(weight, vocab.get_token_to_index_vocabulary(self.namespace), vectors, source)
            unseen = _append(vocab, self.namespace, size, vectors) if append else unseen
        weight[PADDING] = 0.0
        self.weight = nn.Parameter(weight, requires_grad=trainable)
        self.register_buffer("unseen", unseen)

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """A limit of the file's words needs a file."""
        if config.says("max_pretrained_words") and not config.says("pretrained_file"):
            yield config.problem(
                "max_pretrained_words", "has no effect without a file: leave it out", "pretrained_file"
            )

    def rows(self) -> Tensor:
        """The vectors of all words by id, those that training never saw included."""
        return torch.cat([self.weight.detach(), self.unseen])

    def word_rows(self) -> dict[str, str]:
        """The table; its rows end where those of `unseen` begin."""
        return {"weight": self.namespace}

    def get_output_dim(self) -> int:
        """The width of the vectors."""
        return self.embedding_dim

    def forward(self, mask: Tensor, token_ids: Tensor) -> Tensor:  # type: ignore[override]
        """Vectors `(batch, tokens, embedding_dim)` of `token_ids`, `(batch, tokens)`."""
        if self.training and self.word_dropout:
            dropped = torch.rand(token_ids.shape, device=token_ids.device) < self.word_dropout
            token_ids = token_ids.masked_fill(dropped & mask, UNKNOWN)
        size = len(self.weight)
        vectors = functional.embedding(token_ids.clamp(max=size - 1), self.weight, padding_idx=PADDING)
        if len(self.unseen):
            unseen = functional.embedding((token_ids - size).clamp(min=0), self.unseen)
            vectors = torch.where((token_ids >= size).unsqueeze(-1), unseen, vectors)
        return vectors

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs) -> None:
        """Take the two tables at their archived sizes: a vocabulary alone does not tell where they divide."""
        for name in ("weight", "unseen"):
            saved = state_dict.get(f"{prefix}{name}")
            if saved is not None and saved.shape[1:] == (self.embedding_dim,):
                getattr(self, name).data = torch.empty_like(saved, device=self.weight.device)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def _start_at(weight: Tensor, index: dict[str, int], vectors: dict[str, np.ndarray], file: str) -> None:
    """Put the pretrained vector of each known word, or of its lower-case form, into its row of `weight`."""
    found = 0
    for word, row in index.items():
        vector = vectors.get(word, vectors.get(word.lower()))
        if vector is not None and row < len(weight):
            weight[row] = torch.from_numpy(vector)
            found += 1
    if not found:
        raise ConfigurationError(
            f"{file}: none of the {len(index)} words of the vocabulary has a vector in this file; is it in "
            "another language or format?"
        )


def _append(vocab: WordIndex, namespace: str, size: int, vectors: dict[str, np.ndarray]) -> Tensor:
    """Give the words that the vocabulary lacks the ids from `size` on; return their vectors in that order."""
    ids = vocab.add_tokens_to_namespace(vectors, namespace)
    new = [vector for index, vector in zip(ids, vectors.values(), strict=True) if index >= size]
    if not new:
        return torch.empty(0, next(iter(vectors.values())).shape[0])
    return torch.from_numpy(np.stack(new))
