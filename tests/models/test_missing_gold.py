"""Training on texts that lack the gold of a lower task, against sums over all labels."""

from itertools import product

import pytest
import torch
from slow_reference import assert_gradients_are_finite_differences, total
from test_inference import CHAIN, DIAMOND, as_set, build, options, probability

from causal_mtl.data.instance import LabelAnnotation
from causal_mtl.data.loader import TaskLabels
from causal_mtl.models import missing_gold
from causal_mtl.nn.label_samplers import LabelSampler

ROWS = [0, 1, 2, 3]


def training(graph, sampler, left_out, rows=ROWS):
    """A model in training mode, and a batch in which `left_out`, `{task: rows}`, are not annotated."""
    model, loader = build(graph, label_sampler=sampler)
    for name, without in left_out.items():
        for row in without:
            del loader.instances[row].annotations[name]
    _, loader = model, type(loader)(loader.instances, model.vocab, loader._indexers, loader._tasks)
    return model.train(), loader.batch(rows)


def slow_losses(model, batch, graph):
    """By the chain rule: −log p(gold of k | X, gold before k), each p a sum over what is missing."""
    heads = model.heads
    handing = [name for name in graph if any(name in parents for parents in graph.values())]
    table = every_choice(model, batch, handing)
    losses = dict.fromkeys(graph, 0.0)
    for row in range(len(batch)):
        known = {name: labels.annotations[row] for name, labels in batch.labels.items()}
        gold = {
            name: tuple(float(label in annotation.labels) for label in heads[name].names)
            for name, annotation in known.items()
            if annotation is not None
        }
        for name in gold:
            before = {
                other: label
                for other, label in gold.items()
                if list(graph).index(other) < list(graph).index(name)
            }
            ratio = joint(table, heads, row, {**before, name: gold[name]}) / joint(table, heads, row, before)
            losses[name] = losses[name] - ratio.log()
    return losses


def joint(table, heads, row, gold):
    """p(gold of some tasks | X of one text): Σ over the labels of those that hand on and are not in `gold`."""
    result = 0.0
    for chosen, outputs in table:
        if all(gold.get(name, label) == label for name, label in chosen.items()):
            p = torch.ones((), dtype=torch.float64)
            for name, label in {**gold, **chosen}.items():
                p = p * probability(heads[name], outputs[name][row : row + 1], label)[0]
            result = result + p
    return result


def every_choice(model, batch, handing):
    """The labels of the tasks that hand them on, with the outputs of all tasks for these."""
    model.eval()
    table = []
    for labels in product(*(options(model.heads[name]) for name in handing)):
        chosen = dict(zip(handing, labels, strict=True))
        given = {name: as_set(model.heads[name], label, len(batch)) for name, label in chosen.items()}
        table.append((chosen, model(batch, given).outputs))
    model.train()
    return table


PATTERNS = {
    "chain, root": (CHAIN, {"main": [0, 2]}),
    "chain, middle": (CHAIN, {"topics": [1, 2]}),
    "chain, both": (CHAIN, {"main": [0], "topics": [0, 3]}),
    "diamond, root": (DIAMOND, {"main": [0, 2]}),
    "diamond, all": (DIAMOND, {"main": [1], "topics": [1, 2], "mood": [0, 1]}),
    "diamond, last": (DIAMOND, {"mood": [0, 1], "rating": [1]}),
    "nothing": (DIAMOND, {}),
    "all roots": (CHAIN, {"main": ROWS}),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_marginal_losses_are_sums_over_labels(pattern):
    graph, left_out = PATTERNS[pattern]
    model, batch = training(graph, {"type": "gold", "missing": "marginal"}, left_out)
    wanted = slow_losses(model, batch, graph)
    result = model(batch)
    assert set(result.losses) == set(batch.labels)
    for name, loss in result.losses.items():
        torch.testing.assert_close(loss.total, wanted[name])
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found = torch.autograd.grad(total(result), parameters, allow_unused=True)
    slow = torch.autograd.grad(sum(wanted.values()), parameters, allow_unused=True)
    for parameter, *both in zip(parameters, found, slow, strict=True):
        one, other = (torch.zeros_like(parameter) if gradient is None else gradient for gradient in both)
        torch.testing.assert_close(one, other)


def test_gradients_of_marginal_losses_are_finite_differences():
    model, batch = training(DIAMOND, {"type": "gold", "missing": "marginal"}, {"main": [0], "topics": [0, 1]})
    assert_gradients_are_finite_differences(model, batch)


def test_texts_with_all_gold_are_as_without():
    graph, left_out = PATTERNS["diamond, all"]
    model, batch = training(graph, {"type": "gold", "missing": "marginal"}, left_out)
    plain = LabelSampler.from_params({"type": "gold"})
    wanted = model(batch).outputs
    model.label_sampler = plain
    for name, output in model(batch).outputs.items():
        torch.testing.assert_close(output, wanted[name])


@pytest.mark.parametrize("budget", [1, 3])
@pytest.mark.parametrize(
    "graph", [CHAIN, {"main": [], "mood": ["main"], "topics": ["main", "mood"], "rating": ["topics"]}]
)
def test_draws_come_near_the_sum(graph, budget):
    """All are drawn, or `main` is listed; gold of `mood` changes the weights of what is listed."""
    left_out = {"main": [0, 2], "topics": [0, 3]}
    sampler = {"type": "gold", "missing": "marginal", "budget": budget, "draws": 2000}
    model, batch = training(graph, sampler, left_out)
    wanted = slow_losses(model, batch, graph)
    torch.manual_seed(0)
    result = model(batch)
    for name, loss in result.losses.items():
        assert float(loss.total) == pytest.approx(float(wanted[name]), rel=0.03)
    parameter = model.heads["main"].layer.bias
    found, slow = (torch.autograd.grad(loss, parameter)[0] for loss in (total(result), sum(wanted.values())))
    torch.testing.assert_close(found, slow, atol=0.05, rtol=0.1)


def test_dropped_texts_add_nothing_below():
    graph = DIAMOND
    model, batch = training(graph, {"type": "gold", "missing": "drop"}, {"topics": [0, 2]})
    losses = {name: float(loss.total) for name, loss in model(batch).losses.items()}
    model.label_sampler = LabelSampler.from_params({"type": "gold"})
    output = model(batch)
    plain = {
        name: -model.heads[name].log_likelihood(o, batch.labels[name].targets)
        for name, o in output.outputs.items()
    }
    for name, of_texts in plain.items():
        kept = of_texts[[1, 3]] if name == "rating" else of_texts  # rating alone has topics as a parent
        assert losses[name] == pytest.approx(float(kept.detach().sum()))


@pytest.mark.parametrize(
    "sampler", ["gold", "posterior", *({"type": "gold", "missing": m} for m in ("drop", "marginal"))]
)
def test_a_label_that_the_vocabulary_lacks_is_not_known(sampler):
    """As if it were not annotated; its own task learns nothing of it in any case."""
    model, batch = training(CHAIN, sampler, {"main": [1]})
    other, same = training(CHAIN, sampler, {})
    task = other.tasks["main"]
    same.instances[1].annotations["main"] = rare = LabelAnnotation(("rare",))
    annotations = [*same.labels["main"].annotations]
    annotations[1] = rare
    targets = [task.targets(text, other.vocab) for text in same.instances]
    assert targets[1] == []
    lengths = [same.mask.shape[1]] * len(same)
    same.labels["main"] = TaskLabels(annotations, task.collate(targets, lengths))
    for one in (model, other):
        torch.manual_seed(0)
        one.losses = one(batch if one is model else same).losses
    for name, loss in model.losses.items():
        torch.testing.assert_close(other.losses[name].total, loss.total)


def test_a_task_without_any_text_left_has_no_loss():
    model, batch = training(CHAIN, {"type": "gold", "missing": "drop"}, {"topics": ROWS})
    assert set(model(batch).losses) == {"main"}


@pytest.mark.parametrize("sampler", [{"type": "posterior"}, {"type": "posterior", "budget": 1, "draws": 150}])
def test_what_is_drawn_has_the_posterior_distribution(sampler):
    """Each text stands in the batch many times."""
    copies = 600 if "budget" not in sampler else 100
    graph = {"main": [], "rating": ["main"]}
    model, batch = training(graph, sampler, {"main": [0, 2]}, ROWS * copies)
    head, p = model.heads["main"], []
    with torch.no_grad():
        for label in options(head):
            outputs = model(batch, {"main": as_set(head, label, len(batch))}).outputs
            of_gold = model.heads["rating"].log_likelihood(outputs["rating"], batch.labels["rating"].targets)
            p.append((probability(head, outputs["main"], label) * of_gold.exp())[: len(ROWS)])
        torch.manual_seed(0)
        gold = missing_gold.complete(model, batch, model.label_sampler, {"main"}).gold["main"]
    posterior = torch.stack(p, 1) / torch.stack(p, 1).sum(1, keepdim=True)
    drawn = gold.labels[:, 0].double().unflatten(0, (copies, len(ROWS)))
    wanted = posterior[[0, 2]]
    error = 4 * (wanted * (1 - wanted) / copies).sqrt()
    assert ((drawn.mean(0)[[0, 2]] - wanted).abs() < error).all()
    assert gold.known.all()
    kept = head.k_hot(batch.labels["main"].targets)[[1, 3]]
    assert torch.equal(drawn[0, [1, 3]], kept.double())


def test_the_gradient_of_drawn_labels_is_on_average_that_of_the_sum():
    graph, left_out = {"main": [], "rating": ["main"]}, {"main": [0, 2]}
    copies, parts = 100, []
    for seed in range(8):
        model, batch = training(graph, "posterior", left_out, ROWS * copies)
        parameters = [model.heads["main"].layer.bias, model.heads["rating"].layer.bias]
        torch.manual_seed(seed)
        parts.append(torch.cat(torch.autograd.grad(total(model(batch)), parameters)))
    model.label_sampler = LabelSampler.from_params({"type": "gold", "missing": "marginal"})
    wanted = torch.cat(torch.autograd.grad(total(model(batch)), parameters))
    found = torch.stack(parts)
    error = 5 * found.std(0) / len(found) ** 0.5 + 1e-6
    assert ((found.mean(0) - wanted).abs() < error).all()


def test_the_loss_of_drawn_labels_is_that_of_the_tasks_below():
    graph, left_out = {"main": [], "rating": ["main"]}, {"main": ROWS}
    model, batch = training(graph, "posterior", left_out)
    torch.manual_seed(0)
    result = model(batch)
    assert set(result.losses) == {"rating"}
    found = model.heads["rating"].log_likelihood(result.outputs["rating"], batch.labels["rating"].targets)
    torch.testing.assert_close(result.losses["rating"].total, -found.sum())
    gradient = torch.autograd.grad(result.losses["rating"].total, model.heads["main"].layer.bias)[0]
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize("sampler", ["posterior", {"type": "gold", "missing": "marginal", "draws": 5}])
def test_tags_that_are_missing(sampler):
    graph = {"tags": [], "late": ["tags"], "spans": ["late"], "rating": ["tags"]}
    left_out = {"tags": [0, 2], "late": [2], "spans": [1]}
    model, batch = training(graph, sampler, left_out)
    result = model(batch)
    assert set(result.losses) == set(graph)
    total(result).backward()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)
    assert model.heads["tags"].layer.weight.grad.abs().sum() > 0
