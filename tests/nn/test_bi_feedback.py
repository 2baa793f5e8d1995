"""MPBFN's forward prediction and backward verification against loops."""

import pytest
import torch
from torch.autograd import gradcheck

from causal_mtl.nn.bi_feedback import BiFeedback

FEATURE, LABEL, BATCH = 4, 3, 3
SIZES = {"own": 3, "article": 3, "charge": 4, "term": 2, "fine": 2, "items": 3, "a.b": 4, "type": 2}
GRAPHS = {
    "published": {"article": (), "charge": ("article",), "term": ("article", "charge")},
    "odd names": {"items": (), "charge": ("items",), "a.b": ("items", "charge"), "type": ()},
    "chain": {"article": (), "charge": ("article",), "term": ("charge",)},
    "a task called own": {"own": (), "charge": (), "term": ("own",), "article": ("charge",)},
    "two roots": {"article": (), "charge": (), "term": ("charge", "article"), "fine": ()},
}
each_graph = pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS.keys())


def built(graph):
    torch.manual_seed(0)
    feedback = BiFeedback(FEATURE, {task: SIZES[task] for task in graph}, graph, LABEL).double()
    for parameter in feedback.parameters():
        parameter.data.mul_(3)
    return feedback, torch.randn(BATCH, FEATURE, dtype=torch.float64)


def softmax(x):
    return x.exp() / x.exp().sum()


def slow(feedback, graph, f, given=None):
    """q_k of one text, as products of probabilities."""
    first, seen, embedded = {}, {}, {}
    for task, parents in graph.items():
        p = torch.ones(SIZES[task], dtype=torch.float64)
        for parent in parents:
            layer = feedback.outputs[task][parent]
            p = p * softmax(layer.weight @ seen[parent] + layer.bias)
        if not parents:
            layer = feedback.outputs[task]["own"]
            p = softmax(layer.weight @ torch.relu(feedback.roots[task].weight @ f) + layer.bias)
        first[task] = p / p.sum()
        label = (given or {}).get(task, first[task])
        if task in feedback.embeddings:
            embedded[task] = feedback.embeddings[task].weight @ label
        if any(task in others for others in graph.values()):
            seen[task] = f * torch.relu(feedback.semantics[task].weight @ embedded[task])
    verified = {}
    for task in graph:
        weights = torch.ones(SIZES[task], dtype=torch.float64)
        for child, parents in graph.items():
            if task in parents:
                gate = feedback.gates[task][child]
                weights = weights * torch.sigmoid(gate.weight @ embedded[child] + gate.bias)
        q = first[task] * weights / weights.sum()
        verified[task] = q / q.sum()
    return verified


@each_graph
def test_distributions_and_gradients_are_those_of_the_formulas(graph):
    feedback, features = built(graph)
    features.requires_grad_()
    found = feedback(features, {})
    wanted = [slow(feedback, graph, f) for f in features]
    totals = [0.0, 0.0]
    for task in graph:
        rows = torch.stack([row[task] for row in wanted])
        torch.testing.assert_close(found[task].exp(), rows)
        weights = torch.randn_like(rows)
        totals[0] = totals[0] + (found[task] * weights).sum()
        totals[1] = totals[1] + (rows.log() * weights).sum()
    variables = [features, *feedback.parameters()]
    for one, other in zip(*(torch.autograd.grad(total, variables) for total in totals), strict=True):
        torch.testing.assert_close(one, other)


def test_gradients_against_finite_differences():
    feedback, features = built(GRAPHS["published"])
    assert gradcheck(lambda f: tuple(feedback(f, {}).values()), features.requires_grad_())


@each_graph
def test_a_label_that_is_set_takes_the_place_of_the_first_prediction(graph):
    feedback, features = built(graph)
    label = torch.tensor([0.0, 1.0, 0.0, 0.0]).double()
    known = torch.tensor([True, True, False])
    plain, found = feedback(features, {}), feedback(features, {"charge": (label.expand(BATCH, -1), known)})
    for row, f in enumerate(features):
        for task, q in slow(feedback, graph, f, {"charge": label} if known[row] else {}).items():
            torch.testing.assert_close(found[task][row].exp(), q)
    below = next(task for task, parents in graph.items() if "charge" in parents)
    assert not torch.allclose(plain[below], found[below])  # forwards
    for above in graph["charge"]:
        assert not torch.allclose(plain[above], found[above])  # backwards


def test_a_task_that_depends_on_nothing_stands_alone():
    feedback, features = built(GRAPHS["two roots"])
    assert "fine" not in feedback.embeddings
    layer = feedback.outputs["fine"]["own"]
    wanted = layer(feedback.roots["fine"](features).relu()).log_softmax(-1)
    torch.testing.assert_close(feedback(features, {})["fine"], wanted)
