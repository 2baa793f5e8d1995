import shutil

import numpy as np
import pytest
import spacy
import torch

from causal_mtl import load, train
from causal_mtl.common import ConfigurationError, Params
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.nn.token_embedders import SpacyVectors
from causal_mtl.training.checks import check

VECTORS = {"rome": [1.0, 2.0, 3.0], "Born": [4.0, 5.0, 6.0], "new": [7.0, 8.0, 9.0]}


@pytest.fixture
def pipeline(tmp_path):
    nlp = spacy.blank("en")
    for word, vector in VECTORS.items():
        nlp.vocab.set_vector(word, np.array(vector, dtype="float32"))
    nlp.to_disk(tmp_path / "pipeline")
    return str(tmp_path / "pipeline")


@pytest.fixture
def words():
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(["Rome", "Born", "other"], "tokens")
    return vocab


def vector(embedder, vocab, word):
    ids = torch.tensor([[vocab.get_token_index(word, "tokens")]])
    return embedder(torch.ones(1, 1, dtype=torch.bool), ids)[0, 0].tolist()


def test_words_start_at_their_vectors_and_others_are_appended(pipeline, words):
    embedder = SpacyVectors(words, pipeline, 3)
    assert vector(embedder, words, "Rome") == VECTORS["rome"]  # of its lower-case form
    assert vector(embedder, words, "Born") == VECTORS["Born"]
    assert vector(embedder, words, "new") == VECTORS["new"]
    assert not embedder.weight.requires_grad
    assert embedder.get_output_dim() == 3


def test_without_the_other_words(pipeline, words):
    size = words.get_vocab_size("tokens")
    embedder = SpacyVectors(words, pipeline, 3, unseen_words=False, trainable=True)
    assert words.get_vocab_size("tokens") == size
    assert len(embedder.unseen) == 0
    assert embedder.weight.requires_grad


def test_subword_vectors(tmp_path, words):
    from spacy.vectors import Vectors

    nlp = spacy.blank("en")
    table = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
    nlp.vocab.vectors = Vectors(
        strings=nlp.vocab.strings, data=table, mode="floret", minn=2, maxn=3, hash_count=2, bow="<", eow=">"
    )
    nlp.to_disk(tmp_path / "floret")
    embedder = SpacyVectors(words, str(tmp_path / "floret"), 3)
    assert vector(embedder, words, "other") == pytest.approx(nlp.vocab.get_vector("other").tolist())
    assert len(embedder.unseen) == 0


def test_mistakes_are_found_before_data_is_read(pipeline, config, tmp_path):
    embedder = {"type": "spacy_vectors", "pipeline": pipeline, "embedding_dim": 4}
    config["model"]["embedder"]["tokens"] = embedder
    spacy.blank("en").to_disk(tmp_path / "without")
    for changes, message in [
        ({}, "have 3 numbers: set `embedding_dim` to 3, it is 4"),
        ({"pipeline": str(tmp_path / "without")}, "has no word vectors"),
        ({"pipeline": str(tmp_path)}, "cannot be loaded"),
        ({"pipeline": "en_core_web_none"}, "no installed package 'en_core_web_none'"),
    ]:
        embedder |= changes
        with pytest.raises(ConfigurationError, match=message) as error:
            check(Params(config))
        assert str(error.value).startswith("model.embedder.tokens.pipeline: ")


def test_an_archive_needs_no_pipeline(pipeline, config, tmp_path):
    config["model"]["embedder"]["tokens"] = {
        "type": "spacy_vectors",
        "pipeline": pipeline,
        "embedding_dim": 3,
    }
    config["trainer"]["num_epochs"] = 1
    run = train(config, tmp_path / "run")
    shutil.rmtree(pipeline)
    model = load(run.archive).archive.model
    assert vector(model.embedder.embedders["tokens"], model.vocab, "new") == VECTORS["new"]
