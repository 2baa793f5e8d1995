"""TopJudge against loops."""

import pytest
import torch
from torch.autograd import gradcheck

from causal_mtl.common import Lazy
from causal_mtl.nn.architectures import TopJudge
from causal_mtl.nn.encoders import CNN

WIDTH, HIDDEN = 3, 4
GRAPHS = {
    "chain": {"article": (), "charge": ("article",), "term": ("charge",)},
    "odd names": {"items": (), "a.b": ("items",), "type": ("items", "a.b")},
    "all": {"article": (), "charge": ("article",), "term": ("article", "charge")},
    "turned": {"article": (), "charge": ("article",), "term": ("charge", "article")},
    "fork": {"article": (), "charge": (), "fine": ("article",), "term": ("charge", "fine", "article")},
}
ENCODER = Lazy(CNN, {"windows": [2, 3], "filters": 3})
LENGTHS = [5, 1, 2]
each_graph = pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS.keys())


def mask(lengths=LENGTHS):
    return torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)


def architecture(graph, width=0, **settings):
    torch.manual_seed(0)
    sizes = {task: width if parents else 0 for task, parents in graph.items()}
    return TopJudge(WIDTH, sizes, graph, ENCODER, hidden_size=HIDDEN, **settings).double()


def inputs(graph, width=0, lengths=LENGTHS):
    torch.manual_seed(1)
    embedded = torch.randn(len(lengths), max(lengths), WIDTH, dtype=torch.float64)
    sizes = {task: width if parents else 0 for task, parents in graph.items()}
    return embedded, {task: torch.randn(len(lengths), 1, size).double() for task, size in sizes.items()}


def run(model, embedded, transferred, here):
    carried = model.start(dict.fromkeys(transferred, embedded), here)
    return {name: model(name, th, carried) for name, th in transferred.items()}


def slow_cell(cell, x, h, c):
    gates = cell.weight_ih @ x + cell.bias_ih + cell.weight_hh @ h + cell.bias_hh
    i, f, g, o = gates.split(HIDDEN)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def slow(model, graph, embedded, transferred, lengths):
    """`{task: (batch, hidden)}`, text by text."""
    states = {task: [] for task in graph}
    for row, length in enumerate(lengths):
        text = embedded[row : row + 1, :length]
        feature = model.encoder(text, mask([length]))[0].amax(dim=0)
        done = {}
        for task, parents in graph.items():
            h = c = torch.zeros(HIDDEN, dtype=torch.float64)
            for number, parent in enumerate(parents):
                if number == 0:
                    h, c = done[parent]
                else:
                    edge = model.edges[task][parent]
                    h = h + edge.hidden.weight @ done[parent][0] + edge.hidden.bias
                    c = c + edge.memory.weight @ done[parent][1] + edge.memory.bias
            done[task] = slow_cell(model.cells[task], torch.cat([feature, transferred[task][row, 0]]), h, c)
            states[task].append(done[task][0])
    return {task: torch.stack(found) for task, found in states.items()}


@each_graph
@pytest.mark.parametrize("width", [0, 2])
def test_states_and_gradients_are_those_of_the_recurrence(graph, width):
    model, (embedded, transferred) = architecture(graph, width), inputs(graph, width)
    embedded.requires_grad_()
    found, wanted = (
        run(model, embedded, transferred, mask()),
        slow(model, graph, embedded, transferred, LENGTHS),
    )
    torch.manual_seed(2)
    totals = [0.0, 0.0]
    for task in graph:
        assert found[task].shape == (3, 1, HIDDEN) == (3, 1, model.output_dim(task))
        torch.testing.assert_close(found[task].squeeze(1), wanted[task])
        weights = torch.randn(3, HIDDEN, dtype=torch.float64)
        totals[0] = totals[0] + (found[task].squeeze(1) * weights).sum()
        totals[1] = totals[1] + (wanted[task] * weights).sum()
    variables = [embedded, *model.parameters()]
    for one, other in zip(*(torch.autograd.grad(total, variables) for total in totals), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("lengths", [[3, 2], [1]])
def test_gradients_against_finite_differences(lengths):
    graph = GRAPHS["fork"]
    model, (embedded, transferred) = architecture(graph), inputs(graph, lengths=lengths)
    here = mask(lengths)
    assert gradcheck(lambda e: tuple(run(model, e, transferred, here).values()), embedded.requires_grad_())


def test_a_task_reads_its_ancestors_only():
    graph = {"article": (), "charge": ("article",), "fine": (), "term": ("charge",)}
    model, (embedded, transferred) = architecture(graph), inputs(graph)
    plain = run(model, embedded, transferred, mask())
    model.cells["article"].bias_ih.data += 1.0
    moved = run(model, embedded, transferred, mask())
    changed = {task: not torch.equal(plain[task], moved[task]) for task in graph}
    assert changed == {"article": True, "charge": True, "fine": False, "term": True}


def test_padding_and_the_other_texts_change_nothing():
    graph = GRAPHS["all"]
    model, (embedded, transferred) = architecture(graph), inputs(graph)
    together = run(model, embedded.masked_fill(~mask().unsqueeze(-1), 99.0), transferred, mask())
    for row, length in enumerate(LENGTHS):
        own = {task: th[row : row + 1] for task, th in transferred.items()}
        alone = run(model, embedded[row : row + 1, :length], own, mask([length]))
        for task in graph:
            torch.testing.assert_close(together[task][row], alone[task][0])


def test_dropout_is_for_heads_and_leaves_the_states_whole():
    graph = GRAPHS["all"]
    model, (embedded, transferred) = architecture(graph, dropout=0.5), inputs(graph)
    wanted = slow(model, graph, embedded, transferred, LENGTHS)
    for task, state in run(model, embedded, transferred, mask()).items():
        kept = state.squeeze(1) != 0
        assert not kept.all()
        torch.testing.assert_close(state.squeeze(1)[kept], 2 * wanted[task][kept])


def test_a_map_for_each_edge_but_the_first():
    model = architecture(GRAPHS["fork"])
    assert {task: list(edges) for task, edges in model.edges.items()} == {
        "article": [],
        "charge": [],
        "fine": [],
        "term": ["fine", "article"],
    }
    assert isinstance(TopJudge(WIDTH, {"article": 0}, {"article": ()}).encoder, CNN)
