import gzip
import zipfile

import pytest
import torch

from causal_mtl.common import ConfigurationError
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.nn.token_embedders import Embedding

VECTORS = "paris 1 2 3\nthe 4 5 6\nrome 7 8 9\n"


@pytest.fixture
def vocab():
    return Vocabulary.empty()


@pytest.fixture
def words(vocab):
    vocab.add_tokens_to_namespace(["Paris", "the", "Zzz"], "tokens")
    return vocab


def embed(embedder, vocab, *words):
    ids = torch.tensor([[vocab.get_token_index(word, "tokens") for word in words]])
    return embedder(mask=torch.ones_like(ids, dtype=torch.bool), token_ids=ids)[0]


def write(path, text=VECTORS):
    if path.suffix == ".gz":
        with gzip.open(path, "wt") as file:
            file.write(text)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("vectors.txt", text)
    else:
        path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", ["v.txt", "v.gz", "v.zip"])
def test_known_words_start_at_their_vector_or_that_of_their_lower_case(tmp_path, words, name):
    embedder = Embedding(words, 3, pretrained_file=write(tmp_path / name))
    vectors = embed(embedder, words, "the", "Paris")
    assert vectors.tolist() == [[4, 5, 6], [1, 2, 3]]


def test_words_that_training_never_saw_are_usable_and_stay_as_they_are(tmp_path, words):
    embedder = Embedding(words, 3, pretrained_file=write(tmp_path / "v.txt"))
    assert embed(embedder, words, "rome", "paris").tolist() == [[7, 8, 9], [1, 2, 3]]
    assert embedder.weight.shape == (5, 3)  # padding, unknown and the three words of training
    embed(embedder, words, "rome", "the").sum().backward()
    assert embedder.weight.grad[words.get_token_index("the", "tokens")].tolist() == [1, 1, 1]
    assert not embedder.unseen.requires_grad


def test_a_loaded_model_needs_no_file(tmp_path, words):
    file = tmp_path / "v.txt"
    trained = Embedding(words, 3, pretrained_file=write(file))
    file.unlink()
    loaded = Embedding(words, 3, pretrained_file=str(file), load_pretrained=False)
    loaded.load_state_dict(trained.state_dict())
    for word in ("the", "rome", "Zzz", "nowhere"):
        assert torch.equal(embed(loaded, words, word), embed(trained, words, word))


def test_word2vec_header_and_limit(tmp_path, words):
    embedder = Embedding(
        words, 3, pretrained_file=write(tmp_path / "v.txt", "3 3\n" + VECTORS), max_pretrained_words=2
    )
    assert embed(embedder, words, "the").tolist() == [[4, 5, 6]]
    assert not words.has_token("rome", "tokens")


def test_padding_is_zero_and_random_vectors_differ(words):
    embedder = Embedding(words, 3)
    assert embedder.weight[0].tolist() == [0, 0, 0]
    assert not torch.equal(embedder.weight[2], embedder.weight[3])


def test_wrong_width_names_file_and_line(tmp_path, words):
    with pytest.raises(ConfigurationError, match=r"v\.txt:1: .*embedding_dim"):
        Embedding(words, 5, pretrained_file=write(tmp_path / "v.txt"))


def test_vectors_of_another_language_are_an_error(tmp_path, words):
    with pytest.raises(ConfigurationError, match="none of the 5 words"):
        Embedding(words, 3, pretrained_file=write(tmp_path / "v.txt", "rom 1 2 3\n"))


def test_word_dropout_reads_unknown_words_in_training_only(words):
    embedder = Embedding(words, 3, word_dropout=1.0)
    unknown = embedder.weight[1]
    assert torch.equal(embed(embedder.train(), words, "the")[0], unknown)
    assert not torch.equal(embed(embedder.eval(), words, "the")[0], unknown)


def test_untrainable_vectors_get_no_gradient(words):
    assert not Embedding(words, 3, trainable=False).weight.requires_grad
