import pytest
import torch

from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.nn.token_embedders import CharacterCNN


@pytest.fixture
def embedder():
    torch.manual_seed(0)
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(list("abcdefgh"), "token_characters")
    return CharacterCNN(vocab, embedding_dim=4, num_filters=5, ngram_filter_sizes=(2, 3)).eval()


def slow(embedder, word):
    """Each filter at each place of the word padded by a whole filter, and the maximum."""
    outputs = []
    for convolution in embedder.convolutions:
        width = convolution.kernel_size[0]
        characters = [torch.zeros(4)] * (width - 1)
        characters += [embedder.characters.weight[c] for c in word]
        characters += [torch.zeros(4)] * (width - 1)
        places = []
        for start in range(len(word) + width - 1):
            window = torch.stack(characters[start : start + width], dim=1)  # (embedding, width)
            places.append((convolution.weight * window).sum((1, 2)) + convolution.bias)
        outputs.append(torch.stack(places).amax(0).relu())
    return torch.cat(outputs)


def test_equals_filters_place_by_place_and_padding_changes_nothing(embedder):
    words = [[2, 3, 4, 5, 6], [7], [3, 3]]
    ids = torch.zeros(1, 4, 9, dtype=torch.long)
    for row, word in zip(ids[0], words, strict=False):
        row[: len(word)] = torch.tensor(word)
    mask = torch.tensor([[True, True, True, False]])
    vectors = embedder(mask=mask, token_characters=ids)
    assert vectors.shape == (1, 4, embedder.get_output_dim()) == (1, 4, 10)
    for vector, word in zip(vectors[0], words, strict=False):
        torch.testing.assert_close(vector, slow(embedder, word))
    assert vectors[0, 3].abs().sum() == 0
