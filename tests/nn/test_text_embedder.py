import pytest
import torch
from torch import nn

from causal_mtl.common import ConfigurationError
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.nn.text_embedder import TextEmbedder
from causal_mtl.nn.token_embedders import Embedding


class Constant(nn.Module):
    def __init__(self, value, width):
        super().__init__()
        self.value, self.width = value, width

    def get_output_dim(self):
        return self.width

    def forward(self, mask, ids):
        return torch.full((*ids.shape, self.width), float(self.value))


def test_vectors_stand_side_by_side_in_the_order_of_their_names():
    ids = torch.zeros(1, 2, dtype=torch.long)
    mask = torch.ones(1, 2, dtype=torch.bool)
    inputs = {"b": {"ids": ids}, "a": {"ids": ids}}
    one = TextEmbedder({"b": Constant(2, 3), "a": Constant(1, 1)})
    other = TextEmbedder({"a": Constant(1, 1), "b": Constant(2, 3)})
    assert one.output_dim == 4
    assert one(inputs, mask)[0, 0].tolist() == [1, 2, 2, 2]
    assert torch.equal(one(inputs, mask), other(inputs, mask))


def test_dropout_in_training_only():
    inputs = {"a": {"ids": torch.zeros(1, 50, dtype=torch.long)}}
    mask = torch.ones(1, 50, dtype=torch.bool)
    embedder = TextEmbedder({"a": Constant(1, 1)}, dropout=0.5)
    assert (embedder.train()(inputs, mask) == 0).any()
    assert (embedder.eval()(inputs, mask) == 1).all()


def test_a_file_that_adds_words_shares_its_namespace_with_no_other_table(tmp_path):
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(["a", "b"], "tokens")
    vocab.add_tokens_to_namespace(["a", "b"], "others")
    file = tmp_path / "vectors.txt"
    file.write_text("a 1 2\nnew 3 4\n")
    learned = Embedding(vocab, 3)
    from_file = Embedding(vocab, 2, pretrained_file=str(file))
    for order in ({"a": learned, "b": from_file}, {"b": learned, "a": from_file}):
        with pytest.raises(ConfigurationError, match=r"embedder\.[ab]: adds the words .* 'tokens'"):
            TextEmbedder(order)
    assert TextEmbedder({"a": Embedding(vocab, 3, "others"), "b": from_file}).output_dim == 5
    assert TextEmbedder({"a": learned, "b": Embedding(vocab, 3)}).output_dim == 6
    fixed = Embedding(vocab, 2, pretrained_file=str(file), trainable=False)
    assert TextEmbedder({"a": from_file, "b": fixed}).output_dim == 4
