import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Instance, Token
from causal_mtl.data.loader import Loader
from causal_mtl.data.token_indexers import PretrainedTransformerIndexer, SingleIdIndexer
from causal_mtl.data.vocabulary import Vocabulary


def tokens(*words):
    return [Token(word, 0, len(word)) for word in words]


def ranges(pieces):
    """For each token its first piece and the one after its last; they are equal where it has none."""
    ends = np.cumsum(np.bincount(pieces.tokens, minlength=pieces.num_tokens)).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True)) if ends else []


@pytest.fixture(scope="module")
def indexer(tiny_transformer, tmp_path_factory):
    return PretrainedTransformerIndexer(str(tiny_transformer), tmp_path_factory.mktemp("files"), overlap=4)


def names(indexer, ids):
    backend = indexer.tokenizer._tokenizer
    return [backend.id_to_token(index) for index in ids]


def test_pieces_of_each_token(indexer):
    found = indexer.tokens_to_indices(tokens("Ann", "\u00ad", "lived", "(", "in-rome", "\u3000", "[SEP]"))
    assert names(indexer, found.ids) == [
        *("ann", "l", "##i", "##v", "##ed", "(", "in", "-", "rome", "[UNK]", "s", "##e", "##p", "[UNK]"),
    ]
    assert ranges(found) == [(0, 1), (1, 1), (1, 5), (5, 6), (6, 9), (9, 9), (9, 14)]
    assert ranges(indexer.tokens_to_indices([])) == []


def test_a_hidden_word_is_one_mask(indexer):
    found = indexer.tokens_to_indices(tokens("ann", "@@UNKNOWN@@", "@@UNKNOWN@@", "rome"))
    assert ranges(found) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    first, mask, again, last = names(indexer, found.ids)
    assert (first, last) == ("ann", "rome")
    assert mask == again
    assert mask in ("[MASK]", "[UNK]")


@given(st.lists(st.text(max_size=8), max_size=6))
def test_a_token_has_the_pieces_that_it_has_alone(indexer, words):
    found = indexer.tokens_to_indices(tokens(*words))
    for word, (first, end) in zip(words, ranges(found), strict=True):
        assert found.ids[first:end].tolist() == indexer.tokens_to_indices(tokens(word)).ids.tolist()


def test_collate(indexer):
    sentences = [tokens("ann", "\u00ad", "lived"), tokens("rome")]
    batch = indexer.collate([indexer.tokens_to_indices(sentence) for sentence in sentences])
    assert [names(indexer, row) for row in batch["piece_ids"].tolist()] == [
        ["[CLS]", "ann", "l", "##i", "##v", "##ed", "[SEP]"],
        ["[CLS]", "rome", "[SEP]", "[PAD]", "[PAD]", "[PAD]", "[PAD]"],
    ]
    assert batch["window_lengths"].tolist() == [7, 3]
    assert batch["piece_places"].tolist() == [1, 2, 3, 4, 5, 7 + 1]
    assert batch["piece_tokens"].tolist() == [0, 2, 2, 2, 2, 3]


@given(
    st.lists(st.lists(st.sampled_from(["ann", "\u00ad", "12", "x" * 70]), min_size=1), min_size=1, max_size=4)
)
def test_each_piece_is_found_in_a_window(indexer, words):
    sentences = [indexer.tokens_to_indices(tokens(*sentence)) for sentence in words]
    batch = indexer.collate(sentences)
    flat = batch["piece_ids"].flatten()
    assert flat[batch["piece_places"]].tolist() == [index for s in sentences for index in s.ids.tolist()]
    longest = max(map(len, words))
    wanted = [row * longest + token for row, s in enumerate(sentences) for token in s.tokens.tolist()]
    assert batch["piece_tokens"].tolist() == wanted
    assert batch["piece_ids"].shape[1] <= 20
    lengths = [indexer.length([], sentence) for sentence in sentences]
    assert sum(lengths) == batch["window_lengths"].sum()


def test_a_batch_without_any_piece(indexer):
    batch = indexer.collate([indexer.tokens_to_indices(tokens("\u00ad"))])
    assert batch["piece_ids"].shape == (0, 0)
    assert not len(batch["piece_places"])
    assert indexer.length([], indexer.tokens_to_indices(tokens("\u00ad"))) == 0


def test_a_loader_counts_pieces(indexer):
    instances = [Instance("x", tokens("ann", "lived")), Instance("x", tokens(*["\u00ad"] * 9))]
    loader = Loader(instances, Vocabulary(), {"pieces": indexer, "tokens": SingleIdIndexer()}, [])
    assert loader.lengths == [7, 9]
    assert loader.num_tokens == [2, 9]
    assert loader.batch([0, 1]).mask.sum(1).tolist() == [2, 9]


def test_windows_that_cannot_be(tiny_transformer, tmp_path):
    for options, message in [
        ({"max_length": 21}, "max_length: this transformer takes 20 pieces at most, not 21"),
        ({"max_length": 2}, "max_length: 2 pieces are special ones"),
        ({"max_length": 10, "overlap": 8}, "overlap: windows of 8 pieces cannot share 8"),
    ]:
        with pytest.raises(ConfigurationError, match=message):
            PretrainedTransformerIndexer(str(tiny_transformer), tmp_path, **options)


def test_names_that_cannot_be_read(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for name, message in [
        ("./nowhere", "there is no folder './nowhere'"),
        ("a/b/c", "there is no folder 'a/b/c'"),
        ("nobody/nothing", "there is no folder 'nobody/nothing' .*local cache, while HF_HUB_OFFLINE forbids"),
        (str(tmp_path), "cannot be read"),
    ]:
        with pytest.raises(ConfigurationError, match=message):
            PretrainedTransformerIndexer(name, tmp_path)


def test_code_in_a_folder_is_not_run(new_tiny_transformer, tmp_path):
    folder = new_tiny_transformer(tmp_path / "bert")
    (folder / "evil.py").write_text(
        f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass\nclass C: pass\n"
    )
    for name in ("config.json", "tokenizer_config.json"):
        content = json.loads((folder / name).read_text())
        content |= {
            "auto_map": {
                "AutoConfig": "evil.C",
                "AutoModel": "evil.Evil",
                "AutoTokenizer": [None, "evil.Evil"],
            }
        }
        (folder / name).write_text(json.dumps(content))
    try:
        PretrainedTransformerIndexer(str(folder), tmp_path)
    except ConfigurationError as error:
        assert "cannot be read" in str(error)  # noqa: PT017 - either is right
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("tokenizer.json", None, "the archive has no tokenizer.json"),
        ("tokenizer_config.json", None, "the archive has no tokenizer_config.json"),
        ("tokenizer.json", "[]", "tokenizer.json: expected an object"),
        ("tokenizer.json", "{", "tokenizer.json: damaged"),
        ("tokenizer.json", '{"model": {"type": "WordPiece"}}', "tokenizer.json: not the file of a tokenizer"),
        ("tokenizer_config.json", '{"model_max_length": 1e30}', "model_max_length: expected 1 to"),
        ("tokenizer_config.json", '{"model_max_length": -1}', "model_max_length: expected 1 to"),
    ],
)
def test_damaged_files(file, content, message, tiny_transformer, tmp_path):
    PretrainedTransformerIndexer(str(tiny_transformer), tmp_path)
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_text(content)
    with pytest.raises(ConfigurationError, match=message):
        PretrainedTransformerIndexer(str(tiny_transformer), tmp_path, load_pretrained=False)


def byte_level(tokenizers):
    """As of RoBERTa: a blank belongs to the word after it."""
    vocab = {piece: i for i, piece in enumerate(["<s>", "</s>", "a", "b", "Ġ", "Ġa", "Ġb", "Ġab", "ab"])}
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocab, [("Ġ", "a"), ("Ġa", "b"), ("Ġ", "b"), ("a", "b")])
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return tokenizer


def test_words_stand_after_a_blank_where_the_tokenizer_knows_blanks():
    import tokenizers

    from causal_mtl.data.token_indexers.piece_tokenizer import PieceTokenizer

    cut = PieceTokenizer(json.loads(byte_level(tokenizers).to_str()), None)
    ids, owners = cut.pieces(["ab", "b", "aa"])
    assert [cut._tokenizer.id_to_token(i) for i in ids] == ["Ġab", "Ġb", "Ġa", "a"]
    assert owners.tolist() == [0, 1, 2, 2]
    assert (cut.prefix, cut.suffix) == ([0], [1])


def test_minilm(minilm, tmp_path):
    """Its tokenizer.json cuts at 128 pieces and pads to 128: neither is wanted."""
    indexer = PretrainedTransformerIndexer(str(minilm), tmp_path)
    found = indexer.tokens_to_indices(tokens("unbelievable", "(", "\u200b", "Ünïcödé", *["x"] * 600))
    assert names(indexer, found.ids[:8]) == ["unbelievable", "(", "unicode", *["x"] * 5]
    assert ranges(found)[:4] == [(0, 1), (1, 2), (2, 2), (2, 3)]
    batch = indexer.collate([found])
    assert batch["piece_ids"].shape == (2, 512)
    assert torch.equal(batch["window_lengths"], torch.tensor([512, 512]))
