import torch
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.data import SingleIdIndexer, TokenIndexer, Vocabulary
from causal_mtl.data.offsets import join_words


def sentence(*words):
    return join_words(words)[1]


def vocabulary(*words):
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(words)
    return vocab


def test_known_lower_case_and_unknown_words():
    vocab = vocabulary("The", "cat")
    indices = SingleIdIndexer().tokens_to_indices(sentence("The", "Cat", "CAT", "dog"), vocab)
    assert indices.tolist() == [2, 3, 3, 1]
    strict = SingleIdIndexer(lowercase_fallback=False)
    assert strict.tokens_to_indices(sentence("The", "Cat"), vocab).tolist() == [2, 1]
    lower = SingleIdIndexer(lowercase_tokens=True)
    assert lower.tokens_to_indices(sentence("The", "Cat"), vocab).tolist() == [1, 3]


def test_counting():
    counter = {"words": {"The": 0, "the": 0}}
    for indexer in (SingleIdIndexer("words"), SingleIdIndexer("words", lowercase_tokens=True)):
        indexer.count_vocab_items(sentence("The")[0], counter)
    assert counter == {"words": {"The": 1, "the": 1}}


@given(st.lists(st.lists(st.sampled_from(["a", "b", "Z"]), min_size=1, max_size=6), min_size=1, max_size=5))
def test_collated_sentences_are_padded_and_otherwise_unchanged(sentences):
    indexer, vocab = SingleIdIndexer(), vocabulary("a", "b")
    indexed = [indexer.tokens_to_indices(sentence(*words), vocab) for words in sentences]
    batch = indexer.collate(indexed)["token_ids"]
    assert batch.shape == (len(sentences), max(map(len, sentences)))
    assert batch.dtype == torch.long
    for row, indices in zip(batch, indexed, strict=True):
        assert row[: len(indices)].equal(indices)
        assert not row[len(indices) :].any()


def test_registered():
    assert TokenIndexer.list_available()[:3] == ["single_id", "characters", "pretrained_transformer"]
    assert TokenIndexer.from_params({"lowercase_tokens": True}).lowercase_tokens is True
