"""The equations of both papers, sentence by sentence and token by token, and what tests of models share.

The losses of the heads are those of CMTL eq. 13 and 15, which are PMEI eq. 12. No module of the library is called
here, only parameters are read. Every function handles one sentence; vectors are 1-dimensional.
"""

import torch

from causal_mtl.data.instance import SpanAnnotation
from causal_mtl.data.loader import TaskLabels

# Reading a model's output.


def views(model, output):
    """The logits per position of every task, `(batch, positions, labels)`."""
    return {name: model.heads[name].label_logits(found) for name, found in output.outputs.items()}


def total(output):
    """The weighted sum of all losses."""
    return sum(loss.weight * loss.total for loss in output.losses.values())


def some_labels(loader, model, name, indices, seed=0):
    """Random labels of a tagging task."""
    torch.manual_seed(seed)
    size = model.tasks[name].num_labels(model.vocab)
    lengths = [loader.lengths[index] for index in indices]
    targets = [torch.randint(size, (length,)).tolist() for length in lengths]
    return {name: TaskLabels([SpanAnnotation()] * len(lengths), model.tasks[name].collate(targets, lengths))}


# Layers.


def linear(layer, x):
    return layer.weight @ x + (0 if layer.bias is None else layer.bias)


def slow_lstm_step(weight_ih, weight_hh, bias, x, h, c):
    i, f, g, o = (weight_ih @ x + weight_hh @ h + bias).split(len(h))
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def slow_direction(lstm, vectors):
    h = c = torch.zeros(lstm.hidden_size, dtype=torch.float64)
    states = []
    for x in vectors:
        bias = lstm.bias_ih_l0 + lstm.bias_hh_l0
        h, c = slow_lstm_step(lstm.weight_ih_l0, lstm.weight_hh_l0, bias, x, h, c)
        states.append(h)
    return states


def slow_bilstm(encoder, vectors):
    ahead = slow_direction(encoder.forwards[0], vectors)
    back = slow_direction(encoder.backwards[0], vectors[::-1])[::-1]
    return [torch.cat(pair) for pair in zip(ahead, back, strict=True)]


# Heads: the logits of each token as other tasks see them, and the loss (0 if `gold` is None).


def slow_tagging(head, states, gold):
    """CMTL eq. 12 and 13, PMEI eq. 10 and 12; `gold`: a tag per token."""
    logits = [linear(head.layer, state) for state in states]
    loss = 0.0
    for o, tag in zip(logits, gold or (), strict=bool(gold)):
        probabilities = torch.exp(o) / torch.exp(o).sum()
        loss = loss - torch.log(probabilities[tag])
    return logits, loss


def slow_relations(head, states, gold):
    """CMTL eq. 14 and 15 with its (1 - y) log(1 - p), PMEI eq. 11 and 12; `gold`: (head, tail, label)."""
    scorer = head.scorer
    table, loss = {}, 0.0
    for i, one in enumerate(states):
        for j, other in enumerate(states):
            if i == j and scorer.domain == "off_diagonal":
                continue
            hidden = torch.relu(linear(scorer.heads, one) + scorer.tails.weight @ other)
            table[i, j] = scorer.output.weight @ hidden + scorer.bias
            for label, o in enumerate(table[i, j]):
                p = 1 / (1 + torch.exp(-o))
                if gold is not None:
                    loss = loss - torch.log(p if (i, j, label) in gold else 1 - p)
    roles = (0, 1) if head.task.view == "both" else (0,)
    seen = [
        torch.cat([_highest(table, role, token, len(head.names)) for role in roles])
        for token in range(len(states))
    ]
    return seen, loss


def _highest(table, role, token, num_labels):
    """The highest logit over partners of `token` as head (`role` 0) or tail (1); -∞ without any."""
    found = [logits for cell, logits in table.items() if cell[role] == token]
    nothing = torch.full((num_labels,), -torch.inf, dtype=torch.float64)
    return torch.stack(found).amax(0) if found else nothing


def slow_head(head, states, gold):
    return (slow_relations if hasattr(head, "scorer") else slow_tagging)(head, states, gold)


# Comparing gradients.


def assert_same_gradients(model, ours, theirs):
    parameters = dict(model.named_parameters())
    wanted = torch.autograd.grad(theirs, list(parameters.values()), allow_unused=True)
    found = torch.autograd.grad(ours, list(parameters.values()), allow_unused=True)
    for name, one, other in zip(parameters, found, wanted, strict=True):
        assert (one is None) == (other is None), name
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)


def assert_gradients_are_finite_differences(model, batch, seed=7):
    """Along three random directions; whatever the model draws is drawn with `seed` each time."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def loss():
        torch.manual_seed(seed)
        return total(model(batch))

    gradients = torch.autograd.grad(loss(), parameters, allow_unused=True)
    for direction_seed in range(3):
        torch.manual_seed(direction_seed)
        directions = [torch.randn_like(parameter) for parameter in parameters]
        analytic = sum((g * d).sum() for g, d in zip(gradients, directions, strict=True) if g is not None)
        values = []
        for step in (1e-6, -2e-6):
            for parameter, direction in zip(parameters, directions, strict=True):
                parameter.data.add_(direction, alpha=step)
            values.append(loss().detach())
        for parameter, direction in zip(parameters, directions, strict=True):
            parameter.data.add_(direction, alpha=1e-6)
        torch.testing.assert_close(analytic, (values[0] - values[1]) / 2e-6, rtol=1e-5, atol=1e-6)
