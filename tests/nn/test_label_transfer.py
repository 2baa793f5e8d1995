import pytest
import torch
from torch.autograd import gradcheck

from causal_mtl.nn.label_transfer import ConcatTransfer, GRUTransfer, LabelTransfer, LSTMTransfer, NoTransfer

SIZES = {"a": 3, "b": 4, "c": 2}
DIM = 5
MASK = torch.ones(2, 3, dtype=torch.bool)


def make(cls):
    torch.manual_seed(0)
    return cls(SIZES, DIM).double()


def labels(names):
    """Some distribution a position and task."""
    torch.manual_seed(1)
    return {name: torch.rand(2, 3, SIZES[name], dtype=torch.float64) for name in names}


def embedded(transfer, task, label):
    """Eq. 1, W y, as a sum of the embeddings of the labels that hold."""
    weight = transfer.embeddings[task].weight
    return sum(label[number] * weight[:, number] for number in range(SIZES[task]))


def lstm_step(cell, x, h, c):
    gates = cell.weight_ih @ x + cell.bias_ih + cell.weight_hh @ h + cell.bias_hh
    i, f, g, o = gates.split(DIM)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def gru_step(cell, x, h):
    of_x = (cell.weight_ih @ x + cell.bias_ih).split(DIM)
    of_h = (cell.weight_hh @ h + cell.bias_hh).split(DIM)
    reset, update = (torch.sigmoid(a + b) for a, b in zip(of_x[:2], of_h[:2], strict=True))
    new = torch.tanh(of_x[2] + reset * of_h[2])
    return (1 - update) * new + update * h


def slow(transfer, given, row, token):
    """Eq. 1–2 at one position."""
    h = c = torch.zeros(DIM, dtype=torch.float64)
    side_by_side = []
    for task, label in given.items():
        x = embedded(transfer, task, label[row, token])
        side_by_side.append(x)
        if isinstance(transfer, LSTMTransfer):
            h, c = lstm_step(transfer.cell, x, h, c)
        elif isinstance(transfer, GRUTransfer):
            h = gru_step(transfer.cell, x, h)
    return torch.cat(side_by_side) if isinstance(transfer, ConcatTransfer) else h


@pytest.mark.parametrize("cls", [LSTMTransfer, GRUTransfer, ConcatTransfer])
@pytest.mark.parametrize("parents", ["a", "ab", "ba", "abc", "cab"])
def test_equations_1_and_2(cls, parents):
    transfer, given = make(cls), labels(parents)
    state = transfer(given, MASK)
    assert state.shape == (2, 3, transfer.output_dim(len(parents)))
    for row in range(2):
        for token in range(3):
            torch.testing.assert_close(state[row, token], slow(transfer, given, row, token))


@pytest.mark.parametrize("cls", [LSTMTransfer, GRUTransfer, ConcatTransfer])
def test_gradients(cls):
    transfer, given = make(cls), labels("ab")
    inputs = tuple(label.requires_grad_() for label in given.values())
    assert gradcheck(lambda a, b: transfer({"a": a, "b": b}, MASK), inputs)
    transfer(given, MASK).sum().backward()
    assert transfer.embeddings["a"].weight.grad.abs().sum() > 0
    assert transfer.embeddings["c"].weight.grad is None


@pytest.mark.parametrize("cls", [LSTMTransfer, GRUTransfer])
def test_the_order_of_parents_matters_to_recurrent_cells(cls):
    transfer, given = make(cls), labels("ab")
    turned = {"b": given["b"], "a": given["a"]}
    assert not torch.allclose(transfer(given, MASK), transfer(turned, MASK))


def test_labels_that_hold_together_add_up_and_none_is_zero():
    transfer = make(ConcatTransfer)
    one_hot = torch.eye(4, dtype=torch.float64)

    def embed(label):
        return transfer({"b": label.expand(2, 3, 4)}, MASK)

    torch.testing.assert_close(embed(one_hot[0] + one_hot[2]), embed(one_hot[0]) + embed(one_hot[2]))
    assert (embed(torch.zeros(4)) == 0).all()


@pytest.mark.parametrize("cls", [LSTMTransfer, GRUTransfer, ConcatTransfer])
def test_a_label_of_the_whole_text_stands_at_every_token(cls):
    transfer, given = make(cls), labels("ab")
    given["a"] = given["a"][:, :1]
    spread = {**given, "a": given["a"].expand(2, 3, 3)}
    torch.testing.assert_close(transfer(given, MASK), transfer(spread, MASK))


@pytest.mark.parametrize("cls", [LSTMTransfer, GRUTransfer, ConcatTransfer])
@pytest.mark.parametrize("tokens", [1, 400])
def test_labels_of_texts_are_folded_once_with_the_same_result(monkeypatch, cls, tokens):
    transfer, mask = make(cls), torch.ones(2, tokens, dtype=torch.bool)
    texts = {name: label[:, :1] for name, label in labels("ab").items()}
    fold, positions = transfer.fold, []

    def watched(embedded):
        positions.append([label.shape[1] for label in embedded])
        return fold(embedded)

    monkeypatch.setattr(transfer, "fold", watched)
    once = transfer(texts, mask)
    at_each = transfer({name: label.expand(2, tokens, -1) for name, label in texts.items()}, mask)
    assert positions == [[1, 1], [tokens, tokens]]
    torch.testing.assert_close(once, at_each, rtol=0, atol=1e-14)
    assert torch.equal(once, once[:, :1].expand_as(once))


@pytest.mark.parametrize("name", LabelTransfer.list_available())
def test_without_parents_the_state_has_no_width(name):
    transfer = LabelTransfer.by_name(name)(SIZES)
    assert transfer.output_dim(0) == 0
    assert transfer({}, MASK).shape == (2, 3, 0)


def test_none_transfers_nothing():
    transfer = NoTransfer(SIZES)
    assert transfer.output_dim(2) == 0
    assert transfer(labels("ab"), MASK).shape == (2, 3, 0)
    assert not list(transfer.parameters())


@pytest.mark.parametrize(
    ("cls", "width"), [(LSTMTransfer, DIM), (GRUTransfer, DIM), (ConcatTransfer, 3 * DIM)]
)
def test_width(cls, width):
    assert make(cls).output_dim(3) == width


def test_the_published_width_is_the_default():
    assert LSTMTransfer(SIZES).output_dim(1) == 300
