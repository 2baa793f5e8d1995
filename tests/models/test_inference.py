"""Inference of `cmtl` against an enumeration of all labels, each set by hand."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_reference import views

from causal_mtl.analysis.effects import Interventions
from causal_mtl.common import ConfigurationError, Params
from causal_mtl.data.instance import Instance, LabelAnnotation, Span, SpanAnnotation, Token
from causal_mtl.data.label_distribution import LabelDistribution
from causal_mtl.data.loader import CountableInstance, Loader, TaskLabels
from causal_mtl.data.token_indexers import SingleIdIndexer
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models import Model, worlds
from causal_mtl.nn.inference import Inference
from causal_mtl.tasks import Task
from causal_mtl.training import Batching, Engine, evaluate

SINGLE = {"main": ("x", "y", "z"), "mood": ("good", "bad"), "rating": ("1", "2", "3")}
MULTI = {"topics": ("work", "home", "trip")}
CHAIN = {"main": [], "topics": ["main"], "rating": ["topics"]}
DIAMOND = {"main": [], "topics": ["main"], "mood": ["main"], "rating": ["topics", "mood"]}
GRAPHS = {
    "chain": CHAIN,
    "diamond": DIAMOND,
    "late root": {"main": [], "mood": [], "rating": ["main", "mood"]},
}
TEXTS = ["ann met bob", "bob", "the sea in rome is cold", "ann"]
ARCHITECTURES = {
    "hierarchical": {"encoder": {"type": "bilstm", "hidden_size": 3}},
    "shared_private": {"encoder": {"type": "bilstm", "hidden_size": 3}},
    "single_task": {"encoder": {"type": "bilstm", "hidden_size": 3}},
    "fully_shared": {"encoder": {"type": "bilstm", "hidden_size": 3}},
    "recurrent_cnn": {"encoder": {"type": "cnn", "filters": 2}},
    "topjudge": {"encoder": {"type": "cnn", "filters": 2}},
}


def instance(number, text):
    tokens, position = [], 0
    for word in text.split():
        tokens.append(Token(word, position, position + len(word)))
        position += len(word) + 1
    annotations = {name: LabelAnnotation((labels[number % len(labels)],)) for name, labels in SINGLE.items()}
    annotations["topics"] = LabelAnnotation(MULTI["topics"][: number % 4])
    annotations["tags"] = SpanAnnotation((Span(0, 1, "who"),))
    annotations["late"] = SpanAnnotation((Span(len(tokens) - 1, len(tokens), "end"),))
    return Instance(text, tokens, annotations)


def task(name, parents):
    if name in MULTI:
        kind = "multi_label_classification"
    elif name in SINGLE:
        kind = "single_label_classification"
    elif name == "spans":
        kind = "span_classification"
    else:
        return {"type": "sequence_tagging", "name": name, "scheme": "BIO", "parents": parents}
    return {"type": kind, "name": name, "parents": parents}


def build(graph, inference=None, architecture="hierarchical", texts=TEXTS, seed=0, **changes):
    config = {
        "type": "cmtl",
        "embedder": {"tokens": {"type": "embedding", "embedding_dim": 4}},
        "architecture": architecture,
        **ARCHITECTURES[architecture],
        "label_transfer": {"type": "lstm", "label_dim": 5},
        "tasks": [task(name, parents) for name, parents in graph.items()],
        **({"inference": inference} if inference else {}),
        **changes,
    }
    instances = [instance(number, text) for number, text in enumerate(texts)]
    for item in instances:
        item.annotations["spans"] = item.annotations["late"]
    indexers = {"tokens": SingleIdIndexer()}
    tasks = [Task.from_params(Params(dict(one))) for one in config["tasks"]]
    vocab = Vocabulary.from_instances([CountableInstance(item, indexers, tasks) for item in instances])
    torch.manual_seed(seed)
    model = Model.from_params(Params(config), vocab=vocab).double().eval()
    with torch.no_grad():
        for embedding in model.label_transfer.embeddings.values():
            embedding.weight.mul_(20)  # so that labels matter
        for head in model.heads.values():
            for parameter in head.parameters():
                parameter.mul_(3)
    return model, Loader(instances, vocab, indexers, tasks)


def with_inference(model, config):
    model.inference = Inference.from_params(Params(config if isinstance(config, dict) else {"type": config}))
    return model


# The slow reference.


def options(head):
    """All labels of a text: one-hot or k-hot."""
    size = len(head.names)
    if head.exclusive:
        return [tuple(float(i == j) for j in range(size)) for i in range(size)]
    return list(product((0.0, 1.0), repeat=size))


def as_set(head, label, batch):
    """The same label for all texts of a batch."""
    cells = [(row, i) for row in range(batch) for i, holds in enumerate(label) if holds]
    targets = {
        "cells": torch.tensor(cells, dtype=torch.long).reshape(-1, 2),
        "annotated": torch.ones(batch, dtype=torch.bool),
    }
    return TaskLabels([LabelAnnotation(())] * batch, targets)


def probability(head, logits, label):
    """Of one label of each text, `(batch,)`."""
    label = torch.tensor(label, dtype=torch.float64)
    if head.exclusive:
        return (torch.exp(logits) / torch.exp(logits).sum(1, keepdim=True)) @ label
    p = 1 / (1 + torch.exp(-logits))
    return torch.where(label > 0.5, p, 1 - p).prod(1)


def slow_marginals(model, batch, graph, fixed=()):
    """p(each label | X) of each task: Σ over all labels of all tasks that are handed on."""
    handing = [name for name in graph if any(name in parents for parents in graph.values())]
    free = [name for name in handing if name not in fixed]
    totals = dict.fromkeys(graph, 0.0)
    weights = 0.0
    for labels in product(*(options(model.heads[name]) for name in free)):
        chosen = dict(zip(free, labels, strict=True))
        given = {name: as_set(model.heads[name], label, len(batch)) for name, label in chosen.items()}
        output = model(batch, {**given, **dict(fixed or {})})
        weight = torch.ones(len(batch), dtype=torch.float64)
        for name, label in chosen.items():
            weight = weight * probability(model.heads[name], output.outputs[name], label)
        weights = weights + weight
        for name in graph:
            totals[name] = totals[name] + weight[:, None] * model.heads[name].probabilities(
                output.outputs[name]
            )
    torch.testing.assert_close(weights, torch.ones_like(weights))
    return totals


def marginals(model, batch, labels=None):
    output = model(batch, labels)
    return {name: model.heads[name].probabilities(found) for name, found in output.outputs.items()}


def assert_close(found, wanted, **tolerance):
    for name, of_task in wanted.items():
        torch.testing.assert_close(found[name], of_task, **tolerance)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("graph", GRAPHS)
def test_marginal_is_the_sum_over_all_labels(graph, architecture):
    model, loader = build(GRAPHS[graph], architecture=architecture)
    batch = loader.batch([0, 1, 2])
    wanted = slow_marginals(model, batch, GRAPHS[graph])
    plain = marginals(model, batch)
    found = marginals(with_inference(model, "marginal"), batch)
    assert_close(found, wanted)
    assert (plain["rating"] - found["rating"]).abs().max() > 1e-3


@pytest.mark.parametrize("paths", ["both", "direct", "indirect"])
def test_along_each_path(paths):
    model, loader = build(DIAMOND, paths=paths)
    batch = loader.batch([0, 1, 2])
    wanted = slow_marginals(model, batch, DIAMOND)
    assert_close(marginals(with_inference(model, "marginal"), batch), wanted)


@pytest.mark.parametrize("architecture", ["hierarchical", "recurrent_cnn", "topjudge"])
def test_some_worlds_at_a_time(architecture, monkeypatch):
    """All listed; all drawn; drawn from the second task on, and from the third: where parts meet again."""
    model, loader = build(DIAMOND, architecture=architecture)
    batch = loader.batch([0, 1, 2])
    settings = ["marginal", *({"type": "marginal", "budget": budget, "draws": 7} for budget in (1, 4, 24))]
    together = [marginals(with_inference(model, one), batch) for one in settings]
    monkeypatch.setattr(worlds, "MAX_POSITIONS", 2 * model.architecture.positions(batch.mask).numel())
    for one, wanted in zip(settings, together, strict=True):
        assert_close(marginals(with_inference(model, one), batch), wanted)


def test_a_distribution_along_one_path_in_parts(monkeypatch):
    """Predicted topics would fit the budget besides the listed ones of `main`; with the set ones they do not."""
    model, loader = build(CHAIN, {"type": "marginal", "budget": 30, "draws": 7})
    batch = loader.batch([0, 1, 2])
    torch.manual_seed(0)
    set_ones = {"topics": LabelDistribution(torch.rand(3, 1, 3, dtype=torch.float64))}
    wanted = views(model, model(batch, set_ones, {}))
    monkeypatch.setattr(worlds, "MAX_POSITIONS", 2 * batch.mask.numel())
    assert_close(views(model, model(batch, set_ones, {})), wanted)


@pytest.mark.parametrize("budget", [2, 3, 8, 24])
def test_draws_come_near_the_sum(budget):
    """With a budget for no task, for the first, and for the first two, the rest is drawn."""
    model, loader = build(DIAMOND)
    batch = loader.batch([0, 1, 2])
    wanted = slow_marginals(model, batch, DIAMOND)
    draws = 3000
    found = marginals(with_inference(model, {"type": "marginal", "budget": budget, "draws": draws}), batch)
    for name, p in wanted.items():
        error = (found[name] - p).abs()
        assert (error < 4 * (p * (1 - p) / draws).sqrt() + 1e-9).all(), name  # at most as far as single draws


@torch.no_grad()
def test_draws_after_a_label_that_is_all_but_certain():
    """What was listed, and the first task that is drawn, are exact; the rest errs as that many draws do."""
    model, loader = build(CHAIN)
    model.heads["main"].layer.bias.add_(torch.tensor([0.0, 5.0, 0.0]))
    batch = loader.batch([0, 1, 2])
    wanted, draws, errors = slow_marginals(model, batch, CHAIN), 16, []
    assert (wanted["main"][:, 1] > 0.9).all()
    for seed in range(40):
        settings = {"type": "marginal", "budget": 4, "draws": draws, "seed": seed}
        found = marginals(with_inference(model, settings), batch)
        assert_close(found, {name: wanted[name] for name in ("main", "topics")})
        errors.append(found["rating"] - wanted["rating"])
    deviation = spread_of_one_draw(model, batch, wanted["rating"]) / draws**0.5
    assert (torch.stack(errors).square().mean(0).sqrt() < 1.5 * deviation + 1e-9).all()
    assert (deviation > 1e-3).any()


def spread_of_one_draw(model, batch, mean):
    """The standard deviation of p(rating | X, topics) over main and topics that are drawn, in a chain."""
    squares = 0.0
    for labels in product(options(model.heads["main"]), options(model.heads["topics"])):
        chosen = dict(zip(("main", "topics"), labels, strict=True))
        given = {name: as_set(model.heads[name], label, len(batch)) for name, label in chosen.items()}
        output = model(batch, given)
        weight = torch.ones(len(batch), dtype=torch.float64)
        for name, label in chosen.items():
            weight = weight * probability(model.heads[name], output.outputs[name], label)
        p = model.heads["rating"].probabilities(output.outputs["rating"])
        squares = squares + weight[:, None] * (p - mean).square()
    return squares.sqrt()


@pytest.mark.parametrize("budget", [1, 3, 24])
def test_draws_are_a_function_of_text_and_seed(budget):
    model, loader = build(DIAMOND, {"type": "marginal", "budget": budget, "draws": 5})
    before = torch.get_rng_state()
    together = marginals(model, loader.batch([0, 1, 2, 3]))
    again = marginals(model, loader.batch([2, 0]))
    assert torch.equal(before, torch.get_rng_state())
    for name, p in again.items():
        torch.testing.assert_close(p, together[name][[2, 0]])
    settings = {"type": "marginal", "budget": budget, "draws": 5, "seed": 1}
    other = marginals(with_inference(model, settings), loader.batch([2, 0]))
    assert not torch.allclose(other["rating"], again["rating"])


TAGS = {"tags": [], "late": ["tags"], "rating": ["tags", "late"]}


def slow_tag_marginals(model, batch):
    """Σ over all sequences of both kinds of tags of one text, and the standard deviation of one draw."""
    length = batch.mask.shape[1]
    sizes = {name: model.tasks[name].num_labels(model.vocab) for name in ("tags", "late")}
    total = squares = 0.0
    for tags in product(range(sizes["tags"]), repeat=length):
        for late in product(range(sizes["late"]), repeat=length):
            labels = {
                name: TaskLabels([SpanAnnotation()], {"tags": torch.tensor([chosen])})
                for name, chosen in (("tags", tags), ("late", late))
            }
            output = model(batch, labels)
            weight = torch.ones((), dtype=torch.float64)
            for name, chosen in (("tags", tags), ("late", late)):
                p = output.outputs[name].logits[0].softmax(-1)
                for place, tag in enumerate(chosen):
                    weight = weight * p[place, tag]
            p = model.heads["rating"].probabilities(output.outputs["rating"])
            total, squares = total + weight * p, squares + weight * p.square()
    return total, (squares - total.square()).sqrt()


@torch.no_grad()
def test_tags_are_drawn_token_by_token():
    model, loader = build(TAGS, texts=["ann met", "bob"])
    batch = loader.batch([0])
    wanted, deviation = slow_tag_marginals(model, batch)
    plain = marginals_of_rating(model, batch)
    draws = 8000
    found = marginals_of_rating(with_inference(model, {"type": "marginal", "draws": draws}), batch)
    error = 4 * deviation / draws**0.5
    assert ((found - wanted).abs() < error).all()
    assert ((plain - wanted).abs() > error).any()


def marginals_of_rating(model, batch):
    return model.heads["rating"].probabilities(model(batch).outputs["rating"])


# Identities.


INFERENCES = ["most_likely", "soft", "marginal", {"type": "marginal", "budget": 1, "draws": 3}]


def test_without_transfer_there_is_nothing_to_average():
    model, loader = build({"main": [], "mood": [], "rating": []})
    batch = loader.batch([0, 1])
    first, *others = [views(model, with_inference(model, one)(batch)) for one in INFERENCES]
    for other in others:
        for name, view in first.items():
            assert torch.equal(view, other[name])


def test_one_label_is_one_world():
    model, loader = build(CHAIN, texts=["ann", "ann met bob", "the sea"])
    only = {"main": "x", "rating": "1"}
    instances = [
        replace(item, annotations={name: LabelAnnotation((label,)) for name, label in only.items()})
        for item in loader.instances
    ]
    indexers = {"tokens": SingleIdIndexer()}
    tasks = [Task.from_params(Params(task(name, None))) for name in only]
    vocab = Vocabulary.from_instances([CountableInstance(item, indexers, tasks) for item in instances])
    config = {
        "type": "cmtl",
        "embedder": {"tokens": {"type": "embedding", "embedding_dim": 4}},
        "tasks": [task(name, None) for name in only],
    }
    model = Model.from_params(Params(config), vocab=vocab).double().eval()
    batch = Loader(instances, vocab, indexers, tasks).batch([0, 1, 2])
    first, *others = [views(model, with_inference(model, one)(batch)) for one in INFERENCES]
    for other in others:
        assert_close(other, first)


def test_certain_labels_make_all_inferences_equal():
    model, loader = build(DIAMOND)
    batch = loader.batch([0, 1, 2])
    with torch.no_grad():
        for name in ("main", "topics", "mood"):
            model.heads[name].layer.weight.mul_(0)
            model.heads[name].layer.bias.copy_(100.0 * torch.arange(len(model.heads[name].names)) - 150)
    first, *others = [marginals(with_inference(model, one), batch) for one in INFERENCES]
    for other in others:
        assert_close(other, first)


def test_set_labels_are_one_world_each():
    model, loader = build(DIAMOND)
    batch = loader.batch([0, 1, 2])
    fixed = {"topics": as_set(model.heads["topics"], (1.0, 0.0, 1.0), 3)}
    wanted = slow_marginals(model, batch, DIAMOND, fixed)
    assert_close(marginals(with_inference(model, "marginal"), batch, fixed), wanted)
    everything = {
        **fixed,
        **{n: as_set(model.heads[n], options(model.heads[n])[1], 3) for n in ("main", "mood")},
    }
    plain = marginals(with_inference(model, "most_likely"), batch, everything)
    assert_close(marginals(with_inference(model, "marginal"), batch, everything), plain)


def test_a_text_without_a_set_label_is_averaged_over():
    """Among texts with one."""
    model, loader = build(DIAMOND, "marginal")
    batch = loader.batch([0, 1])
    every = as_set(model.heads["main"], (0.0, 1.0, 0.0), 2)
    some = TaskLabels([None, LabelAnnotation(())], every.targets)
    found, plain, fixed = (
        marginals(model, batch, labels) for labels in ({"main": some}, None, {"main": every})
    )
    for name, p in found.items():
        torch.testing.assert_close(p[0], plain[name][0])
        torch.testing.assert_close(p[1], fixed[name][1])


def test_labels_on_one_path_are_averaged_over_on_the_other():
    model, loader = build({"main": [], "rating": ["main"]}, "marginal")
    batch = loader.batch([0, 1])
    head = model.heads["main"]
    fixed = {"main": as_set(head, (0.0, 1.0, 0.0), 2)}
    found = model.heads["rating"].probabilities(model(batch, fixed, {}).outputs["rating"])
    wanted = 0.0
    for label in options(head):
        output = model(batch, fixed, {"main": as_set(head, label, 2)})
        p = probability(head, output.outputs["main"], label)
        wanted = wanted + p[:, None] * model.heads["rating"].probabilities(output.outputs["rating"])
    torch.testing.assert_close(found, wanted)


def half_given():
    """Texts of which two have gold for `main`: there all topics fit the budget, elsewhere they are drawn."""
    model, loader = build(CHAIN, {"type": "marginal", "budget": 8, "draws": 3})
    bare = [
        replace(
            one, annotations={name: of for name, of in one.annotations.items() if name != "main" or row % 2}
        )
        for row, one in enumerate(loader.instances)
    ]
    return model, Loader(bare, model.vocab, loader._indexers, loader._tasks)


def test_an_evaluation_where_some_texts_lack_what_is_given():
    model, loader = half_given()
    one, other = (
        evaluate(model, loader, Engine("cpu"), Batching(batch_size=size), given=["main"]) for size in (1, 4)
    )
    assert {**one, "seconds": 0} == pytest.approx({**other, "seconds": 0})


def test_interventions_of_different_tasks_at_once():
    model, loader = half_given()
    reader = SimpleNamespace(token_indexers=loader._indexers)
    archive = SimpleNamespace(model=model, vocab=model.vocab, reader=reader, device=torch.device("cpu"))
    places = [(one, None) for one in loader.instances]
    labels = [
        {name: of for name, of in one.annotations.items() if name == "main"} for one in loader.instances
    ]
    one, other = (
        Interventions(archive, ["rating"], size).outcomes(places, labels)["rating"] for size in (1, 4)
    )
    assert one == pytest.approx(other)


# Labels as a distribution.


def distribution(size, batch, seed=0):
    torch.manual_seed(seed)
    return torch.randn(batch, 1, size, dtype=torch.float64).softmax(-1)


def test_a_distribution_is_averaged_over():
    model, loader = build(CHAIN, "marginal")
    batch = loader.batch([0, 1, 2])
    p = distribution(3, 3)
    found = marginals(model, batch, {"main": LabelDistribution(p)})
    wanted = 0.0
    for number, label in enumerate(options(model.heads["main"])):
        one = marginals(model, batch, {"main": as_set(model.heads["main"], label, 3)})
        wanted = wanted + p[:, 0, number, None] * one["rating"]
    torch.testing.assert_close(found["rating"], wanted)


def test_a_distribution_of_several_labels():
    model, loader = build({"topics": [], "rating": ["topics"]}, "marginal")
    batch = loader.batch([0, 1])
    p = torch.tensor([[[0.2, 1.0, 0.0]], [[0.5, 0.25, 0.75]]], dtype=torch.float64)
    found = marginals(model, batch, {"topics": LabelDistribution(p)})
    wanted = 0.0
    for label in options(model.heads["topics"]):
        weight = torch.where(torch.tensor(label) > 0.5, p[:, 0], 1 - p[:, 0]).prod(1)
        one = marginals(model, batch, {"topics": as_set(model.heads["topics"], label, 2)})
        wanted = wanted + weight[:, None] * one["rating"]
    torch.testing.assert_close(found["rating"], wanted)


@pytest.mark.parametrize("inference", ["most_likely", "soft"])
def test_other_inferences_hand_a_distribution_on(inference):
    model, loader = build(CHAIN, inference)
    batch = loader.batch([0, 1, 2])
    seen = []
    model.label_transfer.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    p = distribution(3, 3)
    model(batch, {"main": LabelDistribution(p)})
    torch.testing.assert_close(seen[1]["main"], p)


@pytest.mark.parametrize("inference", INFERENCES)
def test_a_certain_distribution_is_a_set_label(inference):
    model, loader = build(DIAMOND, inference)
    batch = loader.batch([0, 1, 2])
    label = (0.0, 1.0, 0.0)
    certain = LabelDistribution(torch.tensor(label, dtype=torch.float64).expand(3, 1, 3))
    fixed = as_set(model.heads["main"], label, 3)
    assert_close(marginals(model, batch, {"main": certain}), marginals(model, batch, {"main": fixed}))


@pytest.mark.parametrize("inference", INFERENCES)
def test_a_distribution_for_some_texts(inference):
    model, loader = build(CHAIN, inference)
    batch = loader.batch([0, 1])
    p = distribution(3, 2)
    some = LabelDistribution(p, torch.tensor([False, True]))
    found, plain, full = (
        marginals(model, batch, labels) for labels in ({"main": some}, None, {"main": LabelDistribution(p)})
    )
    for name, of_task in found.items():
        torch.testing.assert_close(of_task[0], plain[name][0])
        torch.testing.assert_close(of_task[1], full[name][1])


def test_a_distribution_on_one_path():
    model, loader = build({"main": [], "rating": ["main"]}, "marginal")
    batch = loader.batch([0, 1])
    p = distribution(3, 2)
    found = model(batch, {"main": LabelDistribution(p)}, {}).outputs["rating"].softmax(-1)
    head, wanted = model.heads["main"], 0.0
    for number, label in enumerate(options(head)):
        one = model(batch, {"main": as_set(head, label, 2)}, {}).outputs["rating"].softmax(-1)
        wanted = wanted + p[:, 0, number, None] * one
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("inference", INFERENCES)
@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (torch.full((2, 1, 3), 0.5), "must sum to 1"),
        (torch.tensor([[[1.5, -0.5, 0.0]]] * 2), "between 0 and 1"),
        (torch.ones(2, 1, 1), r"expected .* = \(2, 1, 3\)"),
    ],
)
def test_what_is_no_distribution_is_refused(inference, probabilities, message):
    model, loader = build(CHAIN, inference)
    with pytest.raises(ConfigurationError, match=message):
        model(loader.batch([0, 1]), {"main": LabelDistribution(probabilities)})


def test_a_distribution_fixes_no_annotation():
    model, loader = build(CHAIN, "marginal")
    batch = loader.batch([0, 1])
    labels = {"main": LabelDistribution(distribution(3, 2))}
    decoded = model.decode(model(batch, labels), batch, labels)
    plain = model.decode(model(batch), batch)
    assert [found["main"] for found in decoded] == [found["main"] for found in plain]


# What else stands on averages.


def test_losses_and_decoding_are_of_averages():
    model, loader = build(DIAMOND, "marginal")
    batch = loader.batch([0, 1, 2])
    with torch.no_grad():
        output = model(batch)
    assert list(output.outputs) == list(DIAMOND)
    for name, found in output.outputs.items():
        gold = batch.labels[name].targets
        assert float(output.losses[name].total) == pytest.approx(
            float(-model.heads[name].log_likelihood(found, gold).sum())
        )
    for row, decoded in enumerate(model.decode(output, batch)):
        p = model.heads["rating"].probabilities(output.outputs["rating"])[row]
        assert decoded["rating"].scores == (pytest.approx(float(p.max())),)


def test_training_does_not_ask_the_inference():
    model, loader = build(DIAMOND, "marginal", label_sampler="argmax")
    batch = loader.batch([0, 1, 2])
    trained = {name: float(loss.total.detach()) for name, loss in model.train()(batch).losses.items()}
    model.inference = None
    assert {name: float(loss.total.detach()) for name, loss in model(batch).losses.items()} == trained


@pytest.mark.parametrize("architecture", ["hierarchical", "shared_private", "single_task", "recurrent_cnn"])
def test_encoders_that_no_label_reaches_run_once(architecture):
    model, loader = build(DIAMOND, "marginal", architecture)
    rows, embedded = {name: [] for name in DIAMOND}, []
    for name, encoder in model.architecture.encoders.items():
        encoder.register_forward_hook(lambda _, inputs, __, name=name: rows[name].append(len(inputs[0])))
    next(iter(model.embedders.values())).register_forward_hook(lambda *_: embedded.append(1))
    model(loader.batch([0, 1, 2]))
    assert embedded == [1]
    assert rows["main"] == [3]
    assert rows["rating"] == ([3] if architecture == "recurrent_cnn" else [3 * 3 * 8 * 2])


def test_the_late_root_is_encoded_once():
    model, loader = build(GRAPHS["late root"], "marginal")
    rows = []
    model.architecture.encoders["mood"].register_forward_hook(
        lambda _, inputs, __: rows.append(len(inputs[0]))
    )
    model(loader.batch([0, 1, 2]))
    assert rows == [3]


def test_the_kl_of_stochastic_maps_is_averaged():
    model, loader = build({"main": [], "rating": ["main"]}, stochastic_map="gru", kl_weight=1.0)
    batch = loader.batch([0, 1])
    head, wanted = model.heads["main"], {"rating/kl": 0.0, "rating/sigma": 0.0}
    for label in options(head):
        for row in (0, 1):
            one = loader.batch([row])
            output = model(one, {"main": as_set(head, label, 1)})
            p = probability(head, output.outputs["main"], label)[0]
            wanted["rating/kl"] += float(p * output.losses["rating/kl"].total)
            wanted["rating/sigma"] += float(p * output.watched["rating/sigma"].total)
    output = with_inference(model, "marginal")(batch)
    assert float(output.losses["rating/kl"].total) == pytest.approx(wanted["rating/kl"])
    assert float(output.watched["rating/sigma"].total) == pytest.approx(wanted["rating/sigma"])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 9))
def test_any_budget_and_number_of_draws_give_probabilities(seed, budget, draws):
    model, loader = build(DIAMOND, {"type": "marginal", "budget": budget, "draws": draws, "seed": seed})
    for name, p in marginals(model, loader.batch([0, 2])).items():
        assert ((p >= 0) & (p <= 1 + 1e-12)).all()
        if model.heads[name].exclusive:
            torch.testing.assert_close(p.sum(-1), torch.ones(2, dtype=torch.float64))


def test_pairs_below_labels_are_averaged():
    graph = {"main": [], "spans": ["main"], "late": ["spans"]}
    model, loader = build(graph, {"type": "marginal", "draws": 2})
    batch = loader.batch([0, 2])
    output = model(batch)
    first = 0.0
    for label in options(model.heads["main"]):
        one = model(batch, {"main": as_set(model.heads["main"], label, 2)})
        p = probability(model.heads["main"], one.outputs["main"], label)
        cell = torch.tensor([[0, 0, 1, 0], [1, 2, 2, 0]])
        first = first + p * one.outputs["spans"].at(cell).sigmoid()
    torch.testing.assert_close(output.outputs["spans"].at(cell).sigmoid(), first)
    assert len(model.decode(output, batch)) == 2


def test_settings_of_the_model():
    assert type(build(CHAIN)[0].inference).__name__ == "MostLikely"
    with pytest.raises(ConfigurationError, match="budget"):
        build(CHAIN, {"type": "marginal", "budget": 0})


@pytest.mark.parametrize("paths", ["both", "direct"])
@pytest.mark.parametrize("architecture", ["recurrent_cnn", "topjudge", "hierarchical"])
def test_what_a_set_label_reaches(architecture, paths):
    """`rating` has no parent, but an LSTM over the tasks carries to it what `mood` was given."""
    graph = {"main": [], "mood": ["main"], "rating": []}
    model, loader = build(graph, architecture=architecture, paths=paths)
    batch = loader.batch([0, 1])
    labels = [as_set(model.heads["main"], label, 2) for label in options(model.heads["main"])[:2]]
    one, other = (model(batch, {"main": label}).outputs for label in labels)
    changed = {name for name in ("mood", "rating") if not torch.equal(one[name], other[name])}
    assert changed == model.reached_from("main")
    assert ("rating" in changed) == (architecture == "recurrent_cnn" and paths == "both")
