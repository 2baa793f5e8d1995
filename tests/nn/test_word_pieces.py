import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from causal_mtl.nn.word_pieces import alike, pool_pieces, without_pieces


@given(st.lists(st.integers(1, 30), max_size=20), st.sampled_from([0.0, 0.25, 1.0]))
def test_rows_of_similar_length(lengths, waste):
    groups = alike(lengths, waste)
    assert sorted(row for group in groups for row in group) == list(range(len(lengths)))
    for group in groups:
        real = [lengths[row] for row in group]
        assert real[0] == max(real)
        assert max(real) * len(real) <= (1 + waste) * sum(real)


def test_pooling():
    hidden = torch.tensor([[0.0], [1.0], [2.0], [3.0], [8.0]])
    places, tokens = torch.tensor([1, 2, 4, 3]), torch.tensor([0, 2, 2, 3])
    assert pool_pieces(hidden, places, tokens, 5, "first").flatten().tolist() == [1, 0, 2, 3, 0]
    assert pool_pieces(hidden, places, tokens, 5, "mean").flatten().tolist() == [1, 0, 5, 3, 0]
    mask = torch.tensor([[True, True], [True, True], [True, False]])
    assert without_pieces(tokens, mask).tolist() == [[False, True], [False, False], [True, False]]


SMALL = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24,
    "max_position_embeddings": 40, "vocab_size": 50, "initializer_range": 0.3, "embedding_size": 16,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["mobilebert", "fnet", "roberta", "modernbert", "squeezebert"])
def test_padding_changes_nothing_in_any_architecture(kind, tmp_path):
    """In the first two of them it would: windows of other lengths must run by themselves."""
    from transformers import CONFIG_MAPPING, AutoModel

    from causal_mtl.nn.token_embedders import PretrainedTransformerEmbedder

    known = CONFIG_MAPPING[kind]().to_dict()
    config = CONFIG_MAPPING[kind](
        **{key: value for key, value in SMALL.items() if key in known}, pad_token_id=1
    )
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(tmp_path / "model")
    embedder = PretrainedTransformerEmbedder(str(tmp_path / "model"), tmp_path, trainable=True).eval()

    def states(ids, lengths):
        width = ids.shape[1]
        places = torch.cat([torch.arange(length) + row * width for row, length in enumerate(lengths)])
        mask = torch.arange(width) < torch.tensor(lengths).unsqueeze(1)
        return embedder(
            mask,
            piece_ids=ids,
            window_lengths=torch.tensor(lengths),
            piece_places=places,
            piece_tokens=places,
        )

    ids = torch.randint(5, 50, (2, 9))
    alone = states(ids[1:, :5], [5])[0]
    torch.testing.assert_close(states(ids, [9, 5])[1, :5], alone, atol=1e-4, rtol=1e-4)
