"""All embedders of a text side by side."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from causal_mtl.nn.named_modules import NamedModules
from causal_mtl.nn.token_embedders import TokenEmbedder


class TextEmbedder(nn.Module):
    """Concatenates the vectors of several token embedders, keyed like the token indexers that feed them.

    Args:
        embedders: by the name of the token indexer.
        dropout: on the concatenated vectors.
    """

    def __init__(self, embedders: Mapping[str, TokenEmbedder], dropout: float = 0.0) -> None:
        super().__init__()
        # By name: the order of a config's keys must not decide which weight meets which feature.
        self.embedders = NamedModules(dict(sorted(embedders.items())))
        self.dropout = nn.Dropout(dropout)
        self.output_dim = sum(embedder.get_output_dim() for embedder in embedders.values())

    def forward(self, inputs: Mapping[str, Mapping[str, Tensor]], mask: Tensor) -> Tensor:
        """Embed a batch: `(batch, tokens, output_dim)`."""
        vectors = [embedder(mask=mask, **inputs[name]) for name, embedder in self.embedders.items()]
        return self.dropout(torch.cat(vectors, dim=-1))
