import pytest
import torch
from torch.autograd import gradcheck

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.nn.encoders import CNN, Encoder

SIZE, FILTERS = 3, 2
WINDOWS = [1, 2, 3, 4, 5]
LENGTHS = [6, 1, 2, 3]


def mask(lengths=LENGTHS):
    return torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)


def encoder(windows=WINDOWS):
    torch.manual_seed(0)
    return CNN(SIZE, windows, FILTERS).double()


def vectors(lengths=LENGTHS):
    torch.manual_seed(1)
    return torch.randn(len(lengths), max(lengths), SIZE, dtype=torch.float64)


def slow(cnn, text):
    """The states of one text, `(tokens, size)`, token by token and filter by filter."""
    states = []
    for t in range(len(text)):
        state = []
        for convolution in cnn.convolutions:
            filters, _, width = convolution.weight.shape
            start = t - (width - 1) // 2  # an even window has its odd token on the right
            for number in range(filters):
                total = convolution.bias[number]
                for place in range(width):
                    if 0 <= start + place < len(text):
                        total = total + convolution.weight[number, :, place] @ text[start + place]
                state.append(torch.relu(total))
        states.append(torch.stack(state))
    return torch.stack(states)


def test_every_state_and_gradient_is_that_of_a_loop():
    cnn, inputs = encoder(), vectors().requires_grad_()
    states = cnn(inputs, mask())
    assert states.shape == (4, 6, cnn.get_output_dim()) == (4, 6, 10)
    slow_states = [slow(cnn, inputs[row, :length]) for row, length in enumerate(LENGTHS)]
    for row, wanted in enumerate(slow_states):
        torch.testing.assert_close(states[row, : len(wanted)], wanted)
        assert (states[row, len(wanted) :] == 0).all()
    torch.manual_seed(2)
    weights = torch.randn_like(states)
    variables = [inputs, *cnn.parameters()]
    found = torch.autograd.grad((states * weights).sum(), variables)
    total = sum((weights[row, : len(wanted)] * wanted).sum() for row, wanted in enumerate(slow_states))
    for one, other in zip(found, torch.autograd.grad(total, variables), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("lengths", [[5, 3], [1]])
def test_gradients_against_finite_differences(lengths):
    cnn, here = encoder(), mask(lengths)
    assert gradcheck(lambda inputs: cnn(inputs, here), vectors(lengths).requires_grad_())


def test_padding_and_the_other_texts_change_nothing():
    cnn, inputs = encoder(), vectors()
    noisy = cnn(inputs.masked_fill(~mask().unsqueeze(-1), float("nan")), mask())
    assert noisy.isfinite().all()
    for row, length in enumerate(LENGTHS):
        alone = cnn(inputs[row : row + 1, :length], mask([length]))
        torch.testing.assert_close(noisy[row, :length], alone[0])


def test_one_token_sees_the_middle_of_each_filter():
    cnn, inputs = encoder([2, 5]), vectors([1])
    one, other = cnn.convolutions
    wanted = [
        one.weight[:, :, 0] @ inputs[0, 0] + one.bias,
        other.weight[:, :, 2] @ inputs[0, 0] + other.bias,
    ]
    torch.testing.assert_close(cnn(inputs, mask([1]))[0, 0], torch.cat(wanted).relu())


def test_the_published_windows_are_the_default():
    cnn = Encoder.from_params(Params({"type": "cnn"}), input_size=7)
    assert [convolution.kernel_size for convolution in cnn.convolutions] == [(2,), (3,), (4,), (5,)]
    assert cnn.get_output_dim() == 512


def test_bad_windows():
    for windows in ([], [0], "2"):
        with pytest.raises(ConfigurationError, match="windows"):
            Encoder.from_params(Params({"type": "cnn", "windows": windows}), input_size=7)
