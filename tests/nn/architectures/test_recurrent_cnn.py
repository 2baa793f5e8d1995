"""CMTL eq. 5–6 against loops."""

import pytest
import torch
from torch.autograd import gradcheck

from causal_mtl.common import Lazy
from causal_mtl.nn.architectures import RecurrentCNN
from causal_mtl.nn.encoders import CNN, BiLSTM

WIDTH, HIDDEN = 3, 4
TRANSFER = {"article": 0, "charge": 2, "term": 4}
PARENTS = {"article": (), "charge": ("article",), "term": ("article", "charge")}
ENCODER = Lazy(CNN, {"windows": [2, 3], "filters": 3})
LENGTHS = [5, 1, 2]


def mask(lengths=LENGTHS):
    return torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)


def architecture(encoder=ENCODER, transfer=TRANSFER, **settings):
    torch.manual_seed(0)
    return RecurrentCNN(WIDTH, transfer, PARENTS, encoder, hidden_size=HIDDEN, **settings).double()


def inputs(lengths=LENGTHS, transfer=TRANSFER):
    """E, and th of each task at the one position of a text."""
    torch.manual_seed(1)
    embedded = torch.randn(len(lengths), max(lengths), WIDTH, dtype=torch.float64)
    return embedded, {name: torch.randn(len(lengths), 1, size).double() for name, size in transfer.items()}


def run(model, embedded, transferred, here):
    carried = model.start(dict.fromkeys(transferred, embedded), here)
    return {name: model(name, th, carried) for name, th in transferred.items()}


def slow_cell(cell, x, h, c):
    gates = cell.weight_ih @ x + cell.bias_ih + cell.weight_hh @ h + cell.bias_hh
    i, f, g, o = gates.split(HIDDEN)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def slow_pooled_cnn(cnn, text):
    """Eq. 5: of each filter the best window, zeros outside of the text."""
    pooled = []
    for convolution in cnn.convolutions:
        filters, _, width = convolution.weight.shape
        for number in range(filters):
            results = []
            for t in range(len(text)):
                places = range(t - (width - 1) // 2, t + width // 2 + 1)
                products = [
                    convolution.weight[number, :, offset] @ text[place]
                    for offset, place in enumerate(places)
                    if 0 <= place < len(text)
                ]
                results.append(torch.relu(sum(products) + convolution.bias[number]))
            pooled.append(torch.stack(results).max())
    return torch.stack(pooled)


def slow(model, embedded, transferred, lengths):
    """`{task: (batch, hidden)}`."""
    states = {name: [] for name in transferred}
    for row, length in enumerate(lengths):
        h = c = torch.zeros(HIDDEN, dtype=torch.float64)
        for name, th in transferred.items():
            h_init = slow_pooled_cnn(model.encoders[name], embedded[row, :length])
            zeros = torch.zeros(max(TRANSFER.values()) - th.shape[-1], dtype=torch.float64)
            h, c = slow_cell(model.cell, torch.cat([h_init, th[row, 0], zeros]), h, c)
            states[name].append(h)
    return {name: torch.stack(found) for name, found in states.items()}


def test_equations_5_and_6_and_their_gradients():
    model, (embedded, transferred) = architecture(), inputs()
    variables = [embedded.requires_grad_(), *(th.requires_grad_() for th in transferred.values())]
    found, wanted = run(model, embedded, transferred, mask()), slow(model, embedded, transferred, LENGTHS)
    torch.manual_seed(2)
    totals = [0.0, 0.0]
    for name in TRANSFER:
        assert found[name].shape == (3, 1, HIDDEN) == (3, 1, model.output_dim(name))
        torch.testing.assert_close(found[name].squeeze(1), wanted[name])
        weights = torch.randn(3, HIDDEN, dtype=torch.float64)
        totals[0] = totals[0] + (found[name].squeeze(1) * weights).sum()
        totals[1] = totals[1] + (wanted[name] * weights).sum()
    variables += model.parameters()
    gradients = [torch.autograd.grad(total, variables, allow_unused=True) for total in totals]
    for one, other in zip(*gradients, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("lengths", [[3, 2], [1]])
def test_gradients_against_finite_differences(lengths):
    model, (embedded, transferred) = architecture(), inputs(lengths)

    def states(embedded, charge, term):
        labels = {"article": transferred["article"], "charge": charge, "term": term}
        return tuple(run(model, embedded, labels, mask(lengths)).values())

    variables = [tensor.requires_grad_() for tensor in (embedded, transferred["charge"], transferred["term"])]
    assert gradcheck(states, variables)


def test_padding_and_the_other_texts_change_nothing():
    model, (embedded, transferred) = architecture(), inputs()
    together = run(model, embedded.masked_fill(~mask().unsqueeze(-1), 99.0), transferred, mask())
    for row, length in enumerate(LENGTHS):
        own = {name: th[row : row + 1] for name, th in transferred.items()}
        alone = run(model, embedded[row : row + 1, :length], own, mask([length]))
        for name in TRANSFER:
            torch.testing.assert_close(together[name][row], alone[name][0])


def test_the_memory_goes_from_task_to_task():
    model, (embedded, transferred) = architecture(), inputs()
    plain = run(model, embedded, transferred, mask())
    changed = {**transferred, "charge": transferred["charge"] + 1.0}
    moved = run(model, embedded, changed, mask())
    assert torch.equal(plain["article"], moved["article"])
    assert not torch.allclose(plain["charge"], moved["charge"])
    assert not torch.allclose(plain["term"], moved["term"])  # by way of (h, c) alone
    again = run(model, embedded, transferred, mask())  # nothing is left of the batch before
    assert all(torch.equal(plain[name], again[name]) for name in TRANSFER)


def test_dropout_is_for_heads_and_leaves_the_memory_whole():
    model, (embedded, transferred) = architecture(dropout=0.5), inputs()
    wanted = slow(model, embedded, transferred, LENGTHS)
    for name, state in run(model, embedded, transferred, mask()).items():
        kept = state.squeeze(1) != 0
        assert not kept.all()
        torch.testing.assert_close(state.squeeze(1)[kept], 2 * wanted[name][kept])


def test_any_encoder_can_take_the_place_of_the_cnn():
    nothing = dict.fromkeys(TRANSFER, 0)
    model = architecture(Lazy(BiLSTM, {"hidden_size": 5}), nothing)
    assert model.cell.input_size == 10
    states = run(model, *inputs(transfer=nothing), mask())
    assert {state.shape for state in states.values()} == {(3, 1, HIDDEN)}


def test_the_published_cnn_is_the_default():
    model = RecurrentCNN(WIDTH, TRANSFER, PARENTS)
    assert isinstance(model.encoders["term"], CNN)
    assert model.cell.input_size == 4 * 128 + 4
    assert len({id(encoder) for encoder in model.encoders.values()}) == 3
