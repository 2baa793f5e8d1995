"""The word pieces of each token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from causal_mtl.common import ConfigurationError, HubModel, NonNegativeInt, PositiveInt
from causal_mtl.data.instance import Token
from causal_mtl.data.token_indexers.piece_tokenizer import PieceTokenizer, read_files, read_pretrained
from causal_mtl.data.token_indexers.token_indexer import TokenIndexer
from causal_mtl.data.token_indexers.windows import Windows
from causal_mtl.data.vocabulary import Vocabulary


@dataclass(frozen=True)
class Pieces:
    """The word pieces of one sentence.

    Attributes:
        ids: of all pieces, without special ones, ``(pieces,)``.
        tokens: the index of the token of each piece, ascending, ``(pieces,)``.
        num_tokens: of the sentence.
    """

    ids: np.ndarray
    tokens: np.ndarray
    num_tokens: int


@TokenIndexer.register("pretrained_transformer")
class PretrainedTransformerIndexer(TokenIndexer):
    """The word pieces of each token. Registered as a `TokenIndexer` with name "pretrained_transformer".

    Each token is cut into pieces by itself, so that every piece belongs to one token; a token can have none (a
    soft hyphen, say). A sentence that is longer than the transformer allows is read in overlapping windows, and
    each piece is taken from the window in which it has most context on both sides.

    `collate` returns, for `windows` rows of all sentences together and `pieces` in all:

    - ``piece_ids``, ``(windows, longest window)``: special pieces included, padded with 0;
    - ``window_lengths``, ``(windows,)``;
    - ``piece_places``, ``(pieces,)``: row · longest window + column of each piece that is read;
    - ``piece_tokens``, ``(pieces,)``: sentence · longest sentence + token of each such piece, ascending.

    Args:
        model_name: a local folder, or a model of the Hugging Face hub: ``owner/name`` or ``owner/name@revision``.
            Only the fast tokenizer is read.
        max_length: pieces of a window, special ones included. Default: as many as tokenizer and transformer allow.
        overlap: pieces that neighbouring windows share at least. Default: a quarter of a window.
        archive_files: filled in: where the tokenizer's files are kept.
        load_pretrained: filled in as False when a trained model is loaded: the files are in its archive.

    Raises:
        ConfigurationError: there is no such tokenizer, or its windows cannot be so long or overlap so much.
    """

    def __init__(
        self,
        model_name: HubModel,
        archive_files: Path,
        max_length: PositiveInt | None = None,
        overlap: NonNegativeInt | None = None,
        load_pretrained: bool = True,
    ) -> None:
        self.model_name = model_name
        self.tokenizer = (
            read_pretrained(model_name, archive_files) if load_pretrained else read_files(archive_files)
        )
        self.windows = _windows(self.tokenizer, max_length, overlap)

    def tokens_to_indices(self, tokens: Sequence[Token], vocab: Vocabulary | None = None) -> Pieces:
        """The pieces of one sentence; no vocabulary is needed."""
        return Pieces(*self.tokenizer.pieces([token.text for token in tokens]), len(tokens))

    def length(self, tokens: Sequence[Token], indices: Any) -> int:
        """The number of pieces that the transformer reads, special ones and overlaps included."""
        pieces = len(indices.ids)
        windows = len(self.windows.starts(pieces))
        special = len(self.tokenizer.prefix) + len(self.tokenizer.suffix)
        return windows * special + (pieces if windows < 2 else windows * self.windows.size)

    def collate(self, sentences: Sequence[Pieces]) -> dict[str, torch.Tensor]:  # noqa: D102
        prefix, suffix = self.tokenizer.prefix, self.tokenizer.suffix
        rows: list[np.ndarray] = []
        owners, columns = [], []  # of all pieces: the row and the column where each is read
        for sentence in sentences:
            starts = self.windows.starts(len(sentence.ids))
            owner = self.windows.owners(len(sentence.ids), starts)
            owners.append(len(rows) + owner)
            columns.append(len(prefix) + np.arange(len(sentence.ids)) - starts[owner])
            rows += [np.array([*prefix, *sentence.ids[s : s + self.windows.size], *suffix]) for s in starts]
        lengths = [len(row) for row in rows]
        piece_ids = np.zeros((len(rows), max(lengths, default=0)), dtype=np.int64)
        for target, row in zip(piece_ids, rows, strict=True):
            target[: len(row)] = row
        longest = max((sentence.num_tokens for sentence in sentences), default=0)
        tokens = [number * longest + sentence.tokens for number, sentence in enumerate(sentences)]
        return {
            "piece_ids": torch.from_numpy(piece_ids),
            "window_lengths": torch.tensor(lengths, dtype=torch.long),
            "piece_places": _joined(owners) * piece_ids.shape[1] + _joined(columns),
            "piece_tokens": _joined(tokens),
        }


def _joined(parts: list[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.concatenate([np.zeros(0, dtype=np.int64), *parts]))


def _windows(tokenizer: PieceTokenizer, max_length: int | None, overlap: int | None) -> Windows:
    """The windows that a config asks for.

    Raises:
        ConfigurationError: the transformer does not allow them.
    """
    limit, special = tokenizer.limit, len(tokenizer.prefix) + len(tokenizer.suffix)
    if max_length is not None and limit is not None and max_length > limit:
        raise ConfigurationError(
            f"max_length: this transformer takes {limit:,} pieces at most, not {max_length:,}"
        )
    size = (max_length or limit or 1_000_000) - special
    if size < 1:
        raise ConfigurationError(
            f"max_length: {special} pieces are special ones, so there is no room for others"
        )
    shared = size // 4 if overlap is None else overlap
    if shared >= size:
        raise ConfigurationError(f"overlap: windows of {size:,} pieces cannot share {shared:,}: give less")
    return Windows(size, shared)
