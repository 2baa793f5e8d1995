"""Word vectors of a spaCy pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from causal_mtl.common import (
    ConfigurationError,
    Construct,
    InstalledPackage,
    Name,
    PositiveInt,
    Probability,
    Problem,
    trust,
)
from causal_mtl.common.pretrained_models import first_lines
from causal_mtl.nn.token_embedders.embedding import Embedding
from causal_mtl.nn.token_embedders.token_embedder import TokenEmbedder
from causal_mtl.nn.word_index import WordIndex


@TokenEmbedder.register("spacy_vectors")
class SpacyVectors(Embedding):
    """The word vectors of a spaCy pipeline. Registered as a `TokenEmbedder` with name "spacy_vectors".

    As "embedding" with a file of vectors: a word of the vocabulary starts at its vector (or at that of its
    lower-case form), and the pipeline's words that training never saw are appended to the vocabulary. A pipeline
    of subword vectors (floret) has a vector of any word, but no list of words to append. Use the token indexer
    "single_id". The archive holds the vectors of all words of the vocabulary, and needs no pipeline.

    Args:
        vocab: filled in; extended by the pipeline's words.
        pipeline: an installed package such as "en_core_web_md", or a folder of spaCy's ``to_disk``.
        embedding_dim: width of the vectors; must be that of the pipeline.
        namespace: of the vocabulary, as in the token indexer.
        trainable: False leaves all vectors as they start.
        word_dropout: in training, the chance that a word is read as the unknown word, which so gets trained.
        unseen_words: False: do not append the pipeline's other words, so that the archive stays small.
        load_pretrained: filled in as False when a trained model is loaded: its archive has the vectors.

    Raises:
        ConfigurationError: there is no such pipeline, it has no vectors or others, or none of a word of the
            vocabulary.
    """

    def __init__(
        self,
        vocab: WordIndex,
        pipeline: InstalledPackage,
        embedding_dim: PositiveInt,
        namespace: Name = "tokens",
        trainable: bool = False,
        word_dropout: Probability = 0.0,
        unseen_words: bool = True,
        load_pretrained: bool = True,
    ) -> None:
        nn.Module.__init__(self)
        self.embedding_dim = embedding_dim
        self.namespace = namespace
        self.word_dropout = word_dropout
        vectors: dict[str, np.ndarray] = {}
        if load_pretrained:
            vectors = _vectors(pipeline, embedding_dim, vocab.get_token_to_index_vocabulary(namespace))
        self._make_tables(vocab, vectors, pipeline, trainable, append=unseen_words)

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """A pipeline whose vectors have another width, or that has none."""
        try:
            _check(
                config.get("pipeline"),
                _spacy_vocab(config.get("pipeline")).vectors,
                config.get("embedding_dim"),
            )
        except ConfigurationError as error:
            yield config.problem("pipeline", str(error))


def _spacy_vocab(pipeline: str) -> Any:
    """SpaCy's vocabulary of a pipeline.

    Raises:
        ConfigurationError: it cannot be loaded, or a model archive that is being loaded asks for it.
    """
    trust.check_file(pipeline)
    import spacy

    folder = Path(pipeline).expanduser()
    try:
        return spacy.load(folder if folder.is_dir() else pipeline).vocab
    except Exception as error:  # a pipeline is a package with code of its own
        raise ConfigurationError(
            f"the spaCy pipeline {pipeline!r} cannot be loaded: {first_lines(error)}"
        ) from error


def _check(pipeline: str, vectors: Any, embedding_dim: int) -> None:
    width = vectors.shape[1] if len(vectors.shape) == 2 and vectors.shape[0] else 0
    if not width:
        raise ConfigurationError(
            f"the spaCy pipeline {pipeline!r} has no word vectors: take an _md or _lg one"
        )
    if width != embedding_dim:
        raise ConfigurationError(
            f"the vectors of the spaCy pipeline {pipeline!r} have {width} numbers: set `embedding_dim` to "
            f"{width}, it is {embedding_dim}"
        )


def _vectors(pipeline: str, embedding_dim: int, words: Iterable[str]) -> dict[str, np.ndarray]:
    """The vectors of a pipeline's own words; where it has no list of them, those of `words`.

    Raises:
        ConfigurationError: it has none, or others, or some that are not finite.
    """
    vocab = _spacy_vocab(pipeline)
    _check(pipeline, vocab.vectors, embedding_dim)
    if vocab.vectors.mode == "floret":
        found = {word: vocab.get_vector(word) for word in words if word}
    else:
        found = {vocab.strings[key]: vocab.vectors[key] for key in vocab.vectors if key in vocab.strings}
    found = {word: np.asarray(vector, dtype=np.float32) for word, vector in found.items()}
    if bad := next((word for word, vector in found.items() if not np.isfinite(vector).all()), None):
        raise ConfigurationError(f"the vector of {bad!r} in the spaCy pipeline {pipeline!r} is not finite")
    return found
