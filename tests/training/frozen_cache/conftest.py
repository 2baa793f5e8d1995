import pytest

from causal_mtl.data import Instance, Token
from causal_mtl.data.loader import Loader
from causal_mtl.data.token_indexers import PretrainedTransformerIndexer
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.nn.text_embedder import TextEmbedder
from causal_mtl.nn.token_embedders import PretrainedTransformerEmbedder

# A soft hyphen has no piece, a1b2… more than a window, the last sentence nothing at all.
SENTENCES = ["Ann was born in Rome .", "in \u00ad Rome", "a1b2" * 15 + " lives", "Ann", "\u00ad", "was born"]


@pytest.fixture
def make_loader(tiny_transformer, tmp_path):
    def made(sentences=SENTENCES, **options):
        (tmp_path / "indexer").mkdir(exist_ok=True)
        indexer = PretrainedTransformerIndexer(str(tiny_transformer), tmp_path / "indexer", **options)
        instances = [Instance(text, [Token(word, 0, 0) for word in text.split()], {}) for text in sentences]
        return Loader(instances, Vocabulary(), {"bert": indexer}, [])

    return made


@pytest.fixture
def make_embedder(tiny_transformer, tmp_path):
    def made(folder=tiny_transformer, **options):
        (tmp_path / "embedder").mkdir(exist_ok=True)
        embedder = PretrainedTransformerEmbedder(str(folder), tmp_path / "embedder", **options)
        return TextEmbedder({"bert": embedder}).eval()

    return made
