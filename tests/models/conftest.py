import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from causal_mtl.common import Lazy, Params
from causal_mtl.data.instance import Instance, Relation, RelationAnnotation, Span, SpanAnnotation, Token
from causal_mtl.data.loader import CountableInstance, Loader
from causal_mtl.data.token_indexers import CharactersIndexer, SingleIdIndexer
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models import Model, MultiTaskModel
from causal_mtl.nn.encoders import BiLSTM
from causal_mtl.nn.token_embedders import CharacterCNN, Embedding
from causal_mtl.tasks import RelationExtraction, SequenceTagging, Task

sys.path.insert(0, str(Path(__file__).parent))  # for `slow_reference`


def instance(text, annotated=True):
    """Capitalised words are entities; each is related to the next."""
    tokens, position = [], 0
    for word in text.split():
        tokens.append(Token(word, position, position + len(word)))
        position += len(word) + 1
    spans = tuple(Span(i, i + 1, "entity") for i, token in enumerate(tokens) if token.text[0].isupper())
    relations = tuple(Relation(a, "next", b) for a, b in pairwise(spans))
    annotations = {"entities": SpanAnnotation(spans)}
    if annotated:
        annotations["relations"] = RelationAnnotation(relations)
    return Instance(text, tokens, annotations)


@pytest.fixture
def instances():
    texts = ["Ann met Bob in Rome", "Bob", "in Rome Ann saw the sea and Bob", "the sea"]
    return [instance(text) for text in texts]


@pytest.fixture
def tasks():
    return [SequenceTagging("entities"), RelationExtraction("relations")]


@pytest.fixture
def indexers():
    return {"tokens": SingleIdIndexer(), "characters": CharactersIndexer()}


@pytest.fixture
def vocab(instances, tasks, indexers):
    return Vocabulary.from_instances([CountableInstance(item, indexers, tasks) for item in instances])


@pytest.fixture
def loader(instances, vocab, indexers, tasks):
    return Loader(instances, vocab, indexers, tasks)


@pytest.fixture
def model(vocab, tasks):
    torch.manual_seed(0)
    embedder = {"tokens": Embedding(vocab, 8), "characters": CharacterCNN(vocab, 4, 5)}
    return MultiTaskModel(
        vocab, embedder, tasks, encoder=Lazy(BiLSTM, {"hidden_size": 6}), embedding_dropout=0.1
    )


@pytest.fixture
def build(instances):
    """Make a model of a config, and a loader of its tasks; the only word features are word ids."""

    def make(settings, seed=0):
        indexers = {"tokens": SingleIdIndexer()}
        tasks = [Task.from_params(Params(task)) for task in settings["tasks"]]
        vocab = Vocabulary.from_instances([CountableInstance(item, indexers, tasks) for item in instances])
        torch.manual_seed(seed)
        model = Model.from_params(Params(settings), vocab=vocab)
        return model, Loader(instances, vocab, indexers, tasks)

    return make
