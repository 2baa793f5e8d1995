import torch
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.data import CharactersIndexer, TokenIndexer, Vocabulary
from causal_mtl.data.offsets import join_words


def sentence(*words):
    return join_words(words)[1]


def vocabulary(characters):
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(characters, "token_characters")
    return vocab


def test_indices_and_long_tokens():
    indexer = CharactersIndexer(max_length=3)
    assert indexer.tokens_to_indices(sentence("ab", "bbbbb", "x"), vocabulary("ab")).tolist() == [
        [2, 3, 0],
        [3, 3, 3],
        [1, 0, 0],
    ]


def test_counting_stops_where_tokens_are_cut():
    counter = {"token_characters": {"a": 0, "b": 0}}
    CharactersIndexer(max_length=3).count_vocab_items(sentence("aabb")[0], counter)
    assert counter == {"token_characters": {"a": 2, "b": 1}}


words = st.lists(st.text("abc", min_size=1, max_size=7), min_size=1, max_size=5)


@given(st.lists(words, min_size=1, max_size=4), st.integers(0, 9))
def test_collated_sentences_are_padded_and_otherwise_unchanged(sentences, least):
    indexer, vocab = CharactersIndexer(min_padding_length=least), vocabulary("ab")
    batch = indexer.collate([indexer.tokens_to_indices(sentence(*s), vocab) for s in sentences])
    characters = batch["token_characters"]
    longest = max(len(word) for s in sentences for word in s)
    assert characters.shape == (len(sentences), max(map(len, sentences)), max(longest, least))
    assert characters.dtype == torch.long
    letters = "0?ab"
    for row, s in zip(characters.tolist(), sentences, strict=True):
        read = ["".join(letters[i] for i in chars).rstrip("0") for chars in row]
        assert read == [word.replace("c", "?") for word in s] + [""] * (len(row) - len(s))


def test_from_params():
    indexer = TokenIndexer.from_params({"type": "characters", "min_padding_length": 3})
    assert indexer.min_padding_length == 3
