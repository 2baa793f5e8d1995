"""All embedders of a text side by side."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from causal_mtl.common import ConfigurationError
from causal_mtl.nn.named_modules import NamedModules
from causal_mtl.nn.token_embedders import Embedding, TokenEmbedder


class TextEmbedder(nn.Module):
    """Concatenates the vectors of several token embedders, keyed like the token indexers that feed them.

    Args:
        embedders: by the name of the token indexer.
        dropout: on the concatenated vectors.

    Raises:
        ConfigurationError: one adds the words of a file to a vocabulary that another has a table of.
    """

    def __init__(self, embedders: Mapping[str, TokenEmbedder], dropout: float = 0.0) -> None:
        super().__init__()
        _check_namespaces(embedders)
        # By name: the order of a config's keys must not decide which weight meets which feature.
        self.embedders = NamedModules(dict(sorted(embedders.items())))
        self.dropout = nn.Dropout(dropout)
        self.output_dim = sum(embedder.get_output_dim() for embedder in embedders.values())

    def forward(self, inputs: Mapping[str, Mapping[str, Tensor]], mask: Tensor) -> Tensor:
        """Embed a batch: `(batch, tokens, output_dim)`."""
        vectors = [embedder(mask=mask, **inputs[name]) for name, embedder in self.embedders.items()]
        return self.dropout(torch.cat(vectors, dim=-1))


def _check_namespaces(embedders: Mapping[str, TokenEmbedder]) -> None:
    for name, embedder in embedders.items():
        for other, table in embedders.items():
            if isinstance(embedder, Embedding) and _lacks_words(table, embedder):
                raise ConfigurationError(
                    f"embedder.{name}: adds the words of its file to the namespace {embedder.namespace!r}, in "
                    f"which embedder.{other} looks up vectors too: give one of them, and its token indexer, "
                    "another namespace"
                )


def _lacks_words(table: TokenEmbedder, embedder: Embedding) -> bool:
    """Whether a table has no row for the words of another's file, or, made later, untrained ones."""
    if not len(embedder.unseen) or not isinstance(table, TokenEmbedder):
        return False
    same_file = isinstance(table, Embedding) and table.source == embedder.source
    return not same_file and embedder.namespace in table.word_rows().values()
