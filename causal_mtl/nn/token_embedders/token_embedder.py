"""The base of what turns indexed tokens into vectors."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

from causal_mtl.common import Registrable
from causal_mtl.nn.token_embedders.fixed_features import FixedFeatures


class TokenEmbedder(nn.Module, Registrable):
    """Maps what one token indexer made of a batch to one vector per token.

    `forward` takes the tensors of that indexer by name and the mask of real tokens, `(batch, tokens)`, and
    returns `(batch, tokens, get_output_dim())`. What it returns at padding is never read.
    """

    default_implementation = "embedding"

    @abstractmethod
    def get_output_dim(self) -> int:
        """The width of the vectors."""
        raise NotImplementedError

    def word_rows(self) -> dict[str, str]:
        """The weights with a row for each string of a vocabulary namespace: that namespace, by the weight's name.

        Default: none.
        """
        return {}

    def fixed_features(self) -> FixedFeatures | None:
        """The part that training does not change, if it is worth keeping on disk. Default: there is none."""
        return None

    @abstractmethod
    def forward(self, mask: Tensor, **inputs: Tensor) -> Tensor:
        """Vectors of shape `(batch, tokens, get_output_dim())`."""
        raise NotImplementedError
