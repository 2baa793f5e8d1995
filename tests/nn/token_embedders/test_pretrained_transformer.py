"""The embedder with its indexer, against transformers called by hand on each sentence."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Token
from causal_mtl.data.token_indexers import PretrainedTransformerIndexer
from causal_mtl.nn.token_embedders import PretrainedTransformerEmbedder
from causal_mtl.nn.transformers import read_settings

LONG = "a1b2" * 15  # more pieces than a window takes
WORDS = ["Ann", "was", "(", "born", ")", "in-rome", "\u00ad", "\u200b", "[SEP]", "中", "living", LONG]
SENTENCES = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9), min_size=1, max_size=4)


def tokens(words):
    return [Token(word, 0, len(word)) for word in words]


def collated(indexer, sentences):
    lengths = torch.tensor([len(words) for words in sentences])
    mask = torch.arange(int(lengths.max())) < lengths.unsqueeze(1)
    return {
        "mask": mask,
        **indexer.collate([indexer.tokens_to_indices(tokens(words)) for words in sentences]),
    }


@pytest.fixture(scope="module")
def make(tiny_transformer, tmp_path_factory):
    def made(**options):
        files = tmp_path_factory.mktemp("files")
        of_indexer = {key: options.pop(key) for key in ("max_length", "overlap") if key in options}
        indexer = PretrainedTransformerIndexer(str(tiny_transformer), files, **of_indexer)
        return indexer, PretrainedTransformerEmbedder(str(tiny_transformer), files, **options)

    return made


def reference(folder, words, pooling, layers, capacity, overlap):
    """Slowly: each word cut by itself, each window run by itself, each piece from where its context is largest."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    cut = [pieces_of(tokenizer, word) for word in words]
    ids = [piece for pieces in cut for piece in pieces]
    starts = [0]
    while starts[-1] + capacity < len(ids):
        starts.append(min(starts[-1] + capacity - overlap, len(ids) - capacity))
    hidden = [[] for _ in ids]
    for start in starts if ids else []:
        window = ids[start : start + capacity]
        with torch.no_grad():
            states = model(torch.tensor([[2, *window, 3]]), output_hidden_states=True).hidden_states
        for place in range(len(window)):
            left = place if start else len(ids)
            right = len(window) - 1 - place if start + capacity < len(ids) else len(ids)
            vector = torch.stack([states[layer][0, place + 1] for layer in layers])
            hidden[start + place].append((min(left, right), -start, vector))
    best = iter([max(found, key=lambda item: item[:2])[2] for found in hidden])
    result = torch.zeros(len(words), len(layers), 16)
    for row, pieces in enumerate(cut):
        vectors = [next(best) for _ in pieces]
        if vectors:
            result[row] = vectors[0] if pooling == "first" else torch.stack(vectors).mean(0)
    return result


def pieces_of(tokenizer, word):
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    backend.encode_special_tokens = True
    return backend.encode(word, add_special_tokens=False).ids


@settings(max_examples=40)
@given(SENTENCES, st.sampled_from(["first", "mean"]), st.integers(0, 7))
def test_as_transformers_by_hand(tiny_transformer, make, sentences, pooling, overlap):
    indexer, embedder = make(pooling=pooling, layers="all", max_length=10, overlap=overlap)
    features = embedder.features(**collated(indexer, sentences))
    assert not features.requires_grad
    for row, words in enumerate(sentences):
        wanted = reference(tiny_transformer, words, pooling, (0, 1, 2), 8, overlap)
        torch.testing.assert_close(features[row, : len(words)], wanted, atol=1e-5, rtol=1e-5)


@settings(max_examples=30)
@given(SENTENCES)
def test_alone_as_in_a_batch(make, sentences):
    indexer, embedder = make(layers=(0, -1))
    embedder.eval()
    together = embedder(**collated(indexer, sentences))
    for row, words in enumerate(sentences):
        alone = embedder(**collated(indexer, [words]))[0]
        torch.testing.assert_close(together[row, : len(words)], alone, atol=1e-5, rtol=1e-5)


def test_dropped_words_have_a_vector_of_their_own(make):
    indexer, embedder = make()
    batch = collated(indexer, [["\u00ad", "ann"], ["\u200b"]])
    with torch.no_grad():
        embedder.dropped.fill_(7.0)
    vectors = embedder(**batch)
    assert (vectors[0, 0] == 7).all()
    assert (vectors[1, 0] == 7).all()
    assert (vectors[0, 1] != 7).all()
    vectors.sum().backward()
    assert (embedder.dropped.grad == 2).all()
    nothing = embedder(**collated(indexer, [["\u00ad", "\u200b"]]))
    assert (nothing == 7).all()


def test_a_frozen_transformer_stays_as_it_is(make):
    indexer, embedder = make(layers=(1, 2), dropout=0.5)
    embedder.train()
    batch = collated(indexer, [["ann", "lives"]])
    assert not embedder._frozen.module.training
    assert torch.equal(
        embedder.features(**batch), embedder.features(**{**batch, "mask": batch["mask"].clone()})
    )
    assert set(embedder.state_dict()) == {"mix.weights", "mix.scale", "dropped"}
    assert {name for name, _ in embedder.named_parameters()} == set(embedder.state_dict())


def test_layers_that_are_not_as_long_as_the_text_are_refused(make):
    class Trimming(torch.nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module, self.config = module, module.config

        def forward(self, **inputs):
            result = self.module(**inputs)
            return result.__class__(last_hidden_state=result.last_hidden_state[:, 1:])

    indexer, embedder = make(layers=(-1,))
    embedder._frozen.module = Trimming(embedder._frozen.module)
    with pytest.raises(ConfigurationError, match="not all of its layers are as long as the text"):
        embedder.features(**collated(indexer, [["ann", "lives"]]))


def test_a_type_whose_attention_depends_on_other_texts_is_refused(tmp_path):
    from transformers import BigBirdConfig

    BigBirdConfig(num_hidden_layers=1).save_pretrained(tmp_path)
    with pytest.raises(ConfigurationError, match="'big_bird' is no encoder of text"):
        read_settings(str(tmp_path))


def test_copies_share_a_frozen_transformer(make):
    _, embedder = make()
    other = copy.deepcopy(embedder)
    assert other._frozen.module is embedder._frozen.module
    assert other.dropped is not embedder.dropped


def test_a_transformer_runs_once_for_all_copies(make, monkeypatch):
    indexer, embedder = make()
    other, calls = copy.deepcopy(embedder), []
    embedder._frozen.module.register_forward_hook(lambda *args: calls.append(1))
    batch = collated(indexer, [["ann", "lives"]])
    assert torch.equal(embedder.features(**batch), other.features(**batch))
    assert len(calls) == 1
    with torch.inference_mode():
        embedder(**batch)
    other(**batch).sum().backward()  # what inference mode made cannot be used here
    embedder.features(**collated(indexer, [["ann", "lives"]]))
    assert len(calls) == 4


def test_it_moves_along(make):
    _, embedder = make()
    embedder = copy.deepcopy(embedder).double()
    assert {p.dtype for p in embedder._frozen.module.parameters()} == {torch.float64}
    embedder.float()


def test_a_tuned_transformer_is_a_part_of_the_model(make):
    indexer, embedder = make(trainable=True, pooling="mean")
    assert "transformer.encoder.layer.1.output.dense.weight" in embedder.state_dict()
    assert not [name for name in embedder.state_dict() if "pooler" in name]
    embedder.train()
    assert embedder.transformer.training
    embedder(**collated(indexer, [["ann", "lives", LONG]])).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for n, p in embedder.transformer.named_parameters()
               if "position" not in n)  # fmt: skip
    twin = copy.deepcopy(embedder)
    assert twin.transformer is not embedder.transformer


def test_layers(make, tiny_transformer, tmp_path):
    for layers in ((3,), (1, 1), (2, -1), ()):
        with pytest.raises(ConfigurationError, match="layers: expected different numbers from 0"):
            make(layers=layers)
    _, embedder = make(layers=(2,))
    assert embedder.mix.weights is None
    assert embedder.get_output_dim() == 16


def test_windows_that_the_transformer_does_not_take(make, new_tiny_transformer, tmp_path):
    indexer, _ = make()
    short = new_tiny_transformer(tmp_path / "short", max_position_embeddings=10)
    embedder = PretrainedTransformerEmbedder(str(short), tmp_path)
    with pytest.raises(
        ConfigurationError, match="takes 10 pieces at most, but the token indexer yields windows of 20"
    ):
        embedder(**collated(indexer, [["ann"] * 30]))
    fewer = new_tiny_transformer(tmp_path / "fewer", vocab_size=20)
    embedder = PretrainedTransformerEmbedder(str(fewer), tmp_path)
    with pytest.raises(
        ConfigurationError, match="has 20 pieces, the tokenizer of the token indexer has more"
    ):
        embedder(**collated(indexer, [["ann"]]))


@pytest.mark.parametrize("trainable", [False, True])
def test_loaded_without_the_folder(trainable, new_tiny_transformer, tmp_path):
    folder = new_tiny_transformer(tmp_path / "bert")
    files = tmp_path / "files"
    files.mkdir()
    indexer = PretrainedTransformerIndexer(str(folder), files)
    embedder = PretrainedTransformerEmbedder(str(folder), files, trainable=trainable).eval()
    for file in folder.iterdir():
        file.unlink()
    again = PretrainedTransformerEmbedder(
        str(folder), files, trainable=trainable, load_pretrained=False
    ).eval()
    again.load_state_dict(embedder.state_dict())
    batch = collated(PretrainedTransformerIndexer(str(folder), files, load_pretrained=False), [["ann"] * 30])
    assert torch.equal(embedder(**batch), again(**batch))
    assert torch.equal(batch["piece_ids"], collated(indexer, [["ann"] * 30])["piece_ids"])
    assert (files / "model.safetensors").exists() == (not trainable)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        PretrainedTransformerEmbedder(str(folder), files)
