"""From tokens to indices."""

from causal_mtl.data.token_indexers.characters import CharactersIndexer
from causal_mtl.data.token_indexers.pretrained_transformer import PretrainedTransformerIndexer
from causal_mtl.data.token_indexers.single_id import SingleIdIndexer
from causal_mtl.data.token_indexers.token_indexer import TokenIndexer

__all__ = ["CharactersIndexer", "PretrainedTransformerIndexer", "SingleIdIndexer", "TokenIndexer"]
