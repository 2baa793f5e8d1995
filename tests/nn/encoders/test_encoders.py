import pytest
import torch

from causal_mtl.nn.encoders import BiLSTM, Encoder, PassThrough

LENGTHS = torch.tensor([5, 1, 3])
MASK = torch.arange(5) < LENGTHS.unsqueeze(1)


@pytest.mark.parametrize("encoder", [BiLSTM(4, 3), BiLSTM(4, 3, num_layers=2), PassThrough(4)])
def test_padding_and_batch_composition_change_nothing(encoder: Encoder):
    torch.manual_seed(0)
    inputs = torch.randn(3, 5, 4)
    together = encoder(inputs, MASK)
    assert together.shape == (3, 5, encoder.get_output_dim())
    noisy = encoder(inputs.masked_fill(~MASK.unsqueeze(-1), 99.0), MASK)
    for row, length in enumerate(LENGTHS.tolist()):
        alone = encoder(inputs[row : row + 1, :length], MASK[row : row + 1, :length])
        torch.testing.assert_close(together[row, :length], alone[0], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(noisy[row, :length], alone[0], rtol=1e-5, atol=1e-5)


def test_bilstm_sees_both_sides():
    encoder = BiLSTM(4, 3)
    inputs = torch.randn(1, 5, 4, requires_grad=True)
    mask = torch.ones(1, 5, dtype=torch.bool)
    (gradient,) = torch.autograd.grad(encoder(inputs, mask)[0, 2].sum(), inputs)
    assert (gradient.abs().sum(-1) > 0).all()
    assert encoder.get_output_dim() == 6
