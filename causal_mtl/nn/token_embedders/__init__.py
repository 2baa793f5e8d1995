"""Token embedders: what turns indexed tokens into vectors."""

from causal_mtl.nn.token_embedders.character_cnn import CharacterCNN
from causal_mtl.nn.token_embedders.embedding import Embedding
from causal_mtl.nn.token_embedders.fixed_features import FixedFeatures
from causal_mtl.nn.token_embedders.pretrained_transformer import PretrainedTransformerEmbedder
from causal_mtl.nn.token_embedders.spacy_vectors import SpacyVectors
from causal_mtl.nn.token_embedders.token_embedder import TokenEmbedder

__all__ = [
    "CharacterCNN",
    "Embedding",
    "FixedFeatures",
    "PretrainedTransformerEmbedder",
    "SpacyVectors",
    "TokenEmbedder",
]
