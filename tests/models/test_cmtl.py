from collections import Counter
from dataclasses import replace

import pytest
import torch
from slow_reference import (
    assert_gradients_are_finite_differences,
    assert_same_gradients,
    slow_bilstm,
    slow_head,
    slow_lstm_step,
    some_labels,
    total,
    views,
)
from torch import nn

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import LabelAnnotation, Span, SpanAnnotation
from causal_mtl.data.loader import TaskLabels
from causal_mtl.nn.architectures import Architecture
from causal_mtl.nn.encoders import Encoder
from causal_mtl.nn.label_samplers import LabelSampler, gumbel
from causal_mtl.nn.label_transfer import LabelTransfer
from causal_mtl.nn.schedules import Schedule
from causal_mtl.nn.stochastic_maps import StochasticMap

WIDTH, HIDDEN, LABEL = 4, 3, 3
GRAPHS = {
    "chain": {"entities": [], "verbs": ["entities"], "late": ["verbs"], "relations": ["late"]},
    "fork": {"entities": [], "verbs": ["entities"], "late": ["entities"], "relations": ["entities"]},
    "diamond": {"entities": [], "verbs": ["entities"], "late": ["entities"], "relations": ["verbs", "late"]},
    "mixed": {"entities": [], "verbs": ["entities"], "relations": ["verbs", "entities"],
              "late": ["relations", "entities", "verbs"]},
}  # fmt: skip
TRANSFERS = LabelTransfer.list_available()
AT_TOKENS = [name for name in Architecture.list_available() if Architecture.by_name(name).level == "tokens"]


@pytest.fixture
def instances(instances):
    """With two more kinds of spans; the last sentence carries no relations."""
    for item in instances:
        words = [token.text for token in item.tokens]
        short = [Span(i, i + 1, word[0]) for i, word in enumerate(words) if len(word) == 3]
        item.annotations["verbs"] = SpanAnnotation(tuple(short))
        item.annotations["late"] = SpanAnnotation((Span(0, min(2, len(words)), "start"),))
    del instances[-1].annotations["relations"]
    return instances


def config(graph=None, **changes):
    tasks = [
        {
            "type": "relation_extraction",
            "name": name,
            "hidden_size": 9,
            "inner_bias": True,
            "parents": parents,
        }
        if name == "relations"
        else {"type": "sequence_tagging", "name": name, "scheme": "BIO", "parents": parents}
        for name, parents in (graph or {"entities": [], "relations": ["entities"]}).items()
    ]
    return {
        "type": "cmtl",
        "embedder": {"tokens": {"type": "embedding", "embedding_dim": WIDTH}},
        "encoder": {"type": "bilstm", "hidden_size": HIDDEN},
        "label_transfer": {"type": "lstm", "label_dim": LABEL},
        "tasks": tasks,
        **changes,
    }


def transfer(name):
    return {"type": name, **({} if name == "none" else {"label_dim": LABEL})}


@pytest.fixture
def build(build):
    """With weights of heads that make single scores stand out."""

    def make(settings, seed=0):
        model, loader = build(settings, seed)
        for head in model.heads.values():
            for parameter in head.parameters():
                parameter.data.mul_(2)
        return model, loader

    return make


# Equations 1-4, 7-9, 12-15 and 21, sentence by sentence and token by token (see `slow_reference`).


def slow_fold(label_transfer, labels):
    """Eq. 1-2 at one token, from `{parent: label}`."""
    embedded = [label_transfer.embeddings[task].weight @ label for task, label in labels.items()]
    if not embedded:
        return torch.zeros(0, dtype=torch.float64)
    h = c = torch.zeros(LABEL, dtype=torch.float64)
    cell = label_transfer.cell
    for le in embedded:
        h, c = slow_lstm_step(cell.weight_ih, cell.weight_hh, cell.bias_ih + cell.bias_hh, le, h, c)
    return h


def slow_forward(model, loader, indices, hand_on, paths=("direct", "indirect")):
    """Views and losses of all tasks. `hand_on(task, row, logits)` gives the label that is handed on."""
    parents = model.tasks.parents
    states, handed_on, seen, losses = {}, {}, {}, {}
    for task in model.tasks:
        name = task.name
        below = parents[name][-1] if parents[name] else None
        seen[name], losses[name] = [], 0.0
        states[name], handed_on[name] = {}, {}
        targets = list(loader.targets(name))
        for row, number in enumerate(indices):
            embedding = model.embedders["all"].embedders["tokens"].weight
            ids = loader.batch([number]).inputs["tokens"]["token_ids"][0]
            th, vectors = [], []
            for place in range(loader.lengths[number]):
                labels = {parent: handed_on[parent][row][place] for parent in parents[name]}
                th.append(slow_fold(model.label_transfer, labels))
                parts = [embedding[ids[place]]]
                parts += [th[-1]] if "indirect" in paths else []
                parts += [states[below][row][place]] if below else []
                vectors.append(torch.cat(parts))
            states[name][row] = slow_bilstm(model.architecture.encoders[name], vectors)
            joint = states[name][row]
            if "direct" in paths:
                joint = [torch.cat(pair) for pair in zip(joint, th, strict=True)]
            logits, loss = slow_head(model.heads[name], joint, targets[number])
            seen[name].append(logits)
            losses[name] = losses[name] + loss
            handed_on[name][row] = [hand_on(name, row, place, o) for place, o in enumerate(logits)]
    return seen, losses


def most_likely(name, row, place, logits):
    if name == "relations":
        return (torch.sigmoid(logits) > 0.5).double()
    return torch.eye(len(logits), dtype=torch.float64)[logits.argmax()]


def assert_same(model, output, seen, losses):
    for name, view in views(model, output).items():
        for row, sentence in enumerate(seen[name]):
            torch.testing.assert_close(view[row, : len(sentence)], torch.stack(sentence))
        torch.testing.assert_close(output.losses[name].total, losses[name])


NUMBERS = [0, 1, 3]


@pytest.mark.parametrize("paths", ["both", "direct", "indirect"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_evaluation_is_that_of_the_equations(build, graph, paths):
    model, loader = build(config(GRAPHS[graph], paths=paths))
    model.double().eval()
    opened = ("direct", "indirect") if paths == "both" else (paths,)
    seen, losses = slow_forward(model, loader, NUMBERS, most_likely, opened)
    assert_same(model, model(loader.batch(NUMBERS)), seen, losses)


@pytest.mark.parametrize("graph", ["diamond", "mixed"])
def test_training_and_its_gradients_are_those_of_the_equations(build, monkeypatch, graph):
    noise, real = [], gumbel.gumbel_noise
    monkeypatch.setattr(gumbel, "gumbel_noise", lambda like: noise.append(real(like)) or noise[-1])
    temperature = 0.6
    model, loader = build(config(GRAPHS[graph], label_sampler={"type": "gumbel", "temperature": temperature}))
    model.double()
    batch = loader.batch(NUMBERS)
    output = model(batch)
    drawn = {}
    for task in model.tasks:
        if any(task.name in parents for parents in GRAPHS[graph].values()):
            count = 2 if task.name == "relations" else 1
            drawn[task.name], noise = noise[:count], noise[count:]
    assert not noise

    def sample(name, row, place, logits):
        if name not in drawn:
            return None  # nobody is given it
        g = [draw[row, place] for draw in drawn[name]]
        if name == "relations":
            return 1 / (1 + torch.exp(-(logits + g[0] - g[1]) / temperature))
        powers = torch.exp((logits + g[0]) / temperature)
        return powers / powers.sum()

    seen, losses = slow_forward(model, loader, NUMBERS, sample)
    assert_same(model, output, seen, losses)
    assert_same_gradients(model, total(output), sum(losses.values()))


def test_gold_labels_in_training_are_those_of_the_equations(build):
    model, loader = build(config(GRAPHS["mixed"], label_sampler="gold"))
    model.double()
    batch = loader.batch(NUMBERS)
    targets = {name: list(loader.targets(name)) for name in GRAPHS["mixed"]}

    def gold(name, row, place, logits):
        target = targets[name][NUMBERS[row]]
        if target is None:  # not annotated: as it is predicted
            return most_likely(name, row, place, logits)
        label = torch.zeros_like(logits)
        if name == "relations":
            for head, _, relation in target:
                label[relation] += head == place
        else:
            label[target[place]] = 1
        return label

    output = model(batch)
    seen, losses = slow_forward(model, loader, NUMBERS, gold)
    assert targets["relations"][3] is None
    assert_same(model, output, seen, losses)
    assert_same_gradients(model, total(output), sum(losses.values()))


@pytest.mark.parametrize(
    "changes",
    [
        {"label_sampler": {"type": "gumbel", "temperature": 1.0}},
        {"label_sampler": "soft", "label_transfer": {"type": "gru", "label_dim": 3}},
        {"label_sampler": "gold", "label_transfer": {"type": "concat", "label_dim": 3}, "paths": "indirect"},
        {"label_sampler": "soft", "architecture": "shared_private", "paths": "direct"},
        {"label_sampler": "soft", "architecture": "single_task", "stochastic_map": "gru", "kl_weight": 0.5},
    ],
)
def test_gradients_against_finite_differences(build, changes):
    model, loader = build(config(GRAPHS["mixed"], **changes))
    model.double()
    assert_gradients_are_finite_differences(model, loader.batch(NUMBERS))


# What a label that is set does.


def reacts(model, batch, task="relations", **given):
    plain = views(model, model(batch))[task]
    return not torch.allclose(plain, views(model, model(batch, **given))[task], atol=1e-6)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("architecture", ["hierarchical", "shared_private", "single_task"])
@pytest.mark.parametrize("paths", ["both", "direct", "indirect"])
@pytest.mark.parametrize("transfer_type", TRANSFERS)
def test_a_set_label_acts_along_each_open_path(build, transfer_type, paths, architecture, training):
    settings = config(
        paths=paths, architecture=architecture, label_transfer=transfer(transfer_type), label_sampler="argmax"
    )
    model, loader = build(settings)
    model.train(training)
    batch = loader.batch([0, 2])
    labels = some_labels(loader, model, "entities", [0, 2])
    passes = transfer_type != "none"
    assert reacts(model, batch, labels=labels) == passes
    assert reacts(model, batch, labels=labels, encoder_labels={}) == (passes and paths != "indirect")
    assert reacts(model, batch, labels={}, encoder_labels=labels) == (passes and paths != "direct")
    assert not reacts(model, batch, "entities", labels=labels)


def test_labels_of_both_paths_together_are_a_set_label(build):
    model, loader = build(config())
    model.eval()
    batch, labels = loader.batch([0, 2]), some_labels(loader, model, "entities", [0, 2])
    both = views(model, model(batch, labels, labels))["relations"]
    assert torch.equal(both, views(model, model(batch, labels, dict(labels)))["relations"])
    assert torch.equal(both, views(model, model(batch, labels))["relations"])


def test_a_sentence_without_a_set_label_is_predicted(build):
    """Among sentences with one."""
    model, loader = build(config())
    model.eval()
    batch, labels = loader.batch([0, 2]), some_labels(loader, model, "entities", [0, 2])
    tags = labels["entities"].targets["tags"].clone()
    tags[0] = -100
    mixed = {"entities": TaskLabels([None, SpanAnnotation()], {"tags": tags})}
    plain, given, output = model(batch), model(batch, labels), model(batch, mixed)
    for name, view in views(model, output).items():
        torch.testing.assert_close(view[0], views(model, plain)[name][0])
        torch.testing.assert_close(view[1], views(model, given)[name][1])
    decoded = model.decode(output, batch, mixed)
    assert decoded[0] == model.decode(plain, batch)[0]
    assert decoded[1] == model.decode(given, batch, labels)[1]


def test_setting_what_is_predicted_changes_nothing(build):
    model, loader = build(config())
    model.eval()
    batch = loader.batch([0, 2])
    output = model(batch)
    tags = views(model, output)["entities"].argmax(-1).masked_fill(~batch.mask, -100)
    labels = {"entities": TaskLabels([SpanAnnotation()] * 2, {"tags": tags})}
    assert not reacts(model, batch, labels=labels)


def test_tasks_between_predict_anew_unless_held(build):
    graph = {"entities": [], "verbs": ["entities"], "relations": ["verbs"]}
    model, loader = build(config(graph, architecture="single_task"))
    model.eval()
    for embedding in model.label_transfer.embeddings.values():
        embedding.weight.data.mul_(40)
    indices = [0, 2]
    batch = loader.batch(indices)
    labels = some_labels(loader, model, "entities", indices, seed=1)
    assert reacts(model, batch, labels=labels)  # though entities are no parent of relations
    anew = model(batch, labels)
    tags = views(model, anew)["verbs"].argmax(-1).masked_fill(~batch.mask, -100)
    held = {"verbs": TaskLabels([SpanAnnotation()] * 2, {"tags": tags})}
    torch.testing.assert_close(views(model, model(batch, held))["relations"], views(model, anew)["relations"])
    fixed = some_labels(loader, model, "verbs", indices)
    assert torch.equal(
        views(model, model(batch, fixed))["relations"],
        views(model, model(batch, {**fixed, **labels}))["relations"],
    )


def test_labels_reach_only_the_descendants(build):
    model, loader = build(config(GRAPHS["diamond"]))
    model.eval()
    batch, labels = loader.batch([0, 2]), some_labels(loader, model, "verbs", [0, 2])
    changed = {task: reacts(model, batch, task, labels=labels) for task in GRAPHS["diamond"]}
    assert changed == {"entities": False, "verbs": False, "late": False, "relations": True}


def test_a_set_label_goes_before_gold(build):
    model, loader = build(config(label_sampler="gold"))
    batch = loader.batch([0, 2])
    assert reacts(model, batch, labels=some_labels(loader, model, "entities", [0, 2]))


# Gold is handed on in training only, and only where it is known.


def test_evaluation_does_not_look_at_gold(build):
    for sampler in ("gold", {"type": "scheduled", "gold_epochs": 9}, "gumbel"):
        model, loader = build(config(GRAPHS["mixed"], label_sampler=sampler))
        model.eval()
        batch = loader.batch([0, 1, 2, 3])
        blind = replace(batch, labels={}, counts=Counter())
        for name, view in views(model, model(batch)).items():
            assert torch.equal(view, views(model, model(blind))[name])
        assert not model(blind).losses


def test_the_scheduled_sampler_follows_the_epochs_that_training_tells(build):
    then = {"type": "gumbel", "temperature": {"type": "linear", "start": 1.0, "end": 0.2, "epochs": 4}}
    sampler = {"type": "scheduled", "gold_epochs": 2, "then": then}
    model, _ = build(config(label_sampler=sampler))
    seen = []
    for epoch in range(1, 8):
        model.begin_epoch(epoch)
        seen.append(
            (
                model.label_sampler.current is model.label_sampler.first,
                round(model.label_sampler.then.temperature, 6),
            )
        )
    assert [gold for gold, _ in seen] == [True, True, *[False] * 5]
    assert [temperature for _, temperature in seen] == [1.0, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2]


# Padding, batches, seeds.

EVERYTHING = [
    *({"label_transfer": transfer(t), "architecture": a} for t in TRANSFERS for a in AT_TOKENS
      if a != "fully_shared" and (t, a) != ("none", "label_bottleneck")),
    *({"label_transfer": transfer(t), "architecture": "fully_shared", "paths": "direct"} for t in TRANSFERS),
    {"paths": "direct"}, {"paths": "indirect"},
    *({"stochastic_map": name} for name in StochasticMap.list_available()),
]  # fmt: skip


@pytest.mark.parametrize("changes", EVERYTHING, ids=str)
def test_padding_and_batch_composition_change_nothing(build, changes):
    model, loader = build(config(GRAPHS["mixed"], **changes))
    model.eval()
    together = model(loader.batch([0, 1, 2, 3]))
    seen, alone = views(model, together), Counter()
    for row, number in enumerate([0, 1, 2, 3]):
        output = model(loader.batch([number]))
        for name, view in views(model, output).items():
            length = loader.lengths[number]
            torch.testing.assert_close(seen[name][row, :length], view[0], rtol=1e-5, atol=1e-5)
        alone.update({name: loss.total for name, loss in output.losses.items()})
    for name, loss in together.losses.items():
        torch.testing.assert_close(loss.total, alone[name], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("changes", [{}, {"stochastic_map": "gru"}])
def test_one_seed_one_result_and_evaluation_without_chance(build, changes):
    settings = config(GRAPHS["mixed"], embedding_dropout=0.3, encoder_dropout=0.3, **changes)
    settings["label_sampler"] = {"type": "gumbel", "temperature": 0.05}
    model, loader = build(settings)
    batch = loader.batch([0, 2])

    def result(seed):
        torch.manual_seed(seed)
        return total(model(batch)).detach()

    assert torch.equal(result(1), result(1))
    assert not torch.equal(result(1), result(2))
    model.eval()
    assert torch.equal(result(1), result(2))


# Components, from a config.

COMPONENTS = [
    *(("label_transfer", name) for name in TRANSFERS),
    *(("label_sampler", name) for name in LabelSampler.list_available()),
    *(("architecture", name) for name in AT_TOKENS),
    *(("stochastic_map", name) for name in StochasticMap.list_available()),
    *(("encoder", name) for name in Encoder.list_available()),
    *(("schedule", name) for name in Schedule.list_available()),
]


@pytest.mark.parametrize(("key", "name"), COMPONENTS)
def test_every_registered_component_trains_a_step(build, key, name):
    component = {"type": name}
    if name == "scheduled":
        component["gold_epochs"] = 1
    if key == "schedule":
        numbers = {"value": 1.0} if name == "constant" else {"start": 1.0, "end": 0.1, "epochs": 2}
        key, component = "label_sampler", {"type": "gumbel", "temperature": {"type": name, **numbers}}
    settings = config(GRAPHS["mixed"], **{key: component})
    if name == "fully_shared":
        settings["paths"] = "direct"
    model, loader = build(settings)
    model.initialize(loader)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    output = model(loader.batch([0, 1, 2, 3]))
    assert set(GRAPHS["mixed"]) <= set(output.losses)
    total(output).backward()
    optimizer.step()
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert all(value.isfinite().all() for value in model.state_dict().values())
    for task in GRAPHS["mixed"]:
        assert any(name.startswith(f"heads.{task}") for name in moved)
    batch = loader.batch([2, 0])
    model.eval()
    assert len(model.decode(model(batch), batch)) == 2


def test_no_weight_is_left_untrained(build):
    model, loader = build(config(GRAPHS["mixed"], stochastic_map="gru"))
    total(model(loader.batch([0, 2]))).backward()
    idle = {name for name, parameter in model.named_parameters() if parameter.grad is None}
    assert idle == set()


@pytest.mark.parametrize("sampler", LabelSampler.list_available())
def test_gradients_pass_through_labels_that_are_soft(build, sampler):
    """Single tasks, so that labels are the only way from one task's loss to another's weights."""
    config_of_sampler = {"type": sampler, **({"gold_epochs": 1} if sampler == "scheduled" else {})}
    model, loader = build(config(architecture="single_task", label_sampler=config_of_sampler))
    if sampler in ("gumbel", "scheduled"):
        (model.label_sampler if sampler == "gumbel" else model.label_sampler.then).temperature = 1.0
    model(loader.batch([0, 2])).losses["relations"].total.backward()
    assert (model.heads["entities"].layer.weight.grad is not None) == (sampler in ("gumbel", "soft", "mixed"))
    if sampler == "scheduled":
        model.begin_epoch(2)
        model(loader.batch([0, 2])).losses["relations"].total.backward()
        assert model.heads["entities"].layer.weight.grad is not None


def test_a_stochastic_map_reports_its_kl_and_sigma(build):
    model, loader = build(config(stochastic_map={"type": "gru", "deviation_offset": -1.0}, kl_weight=0.25))
    output = model(loader.batch([0, 1, 2, 3]))
    assert {name: loss.weight for name, loss in output.losses.items() if "/" in name} == {
        "entities/kl": 0.25, "relations/kl": 0.25,
    }  # fmt: skip
    assert set(output.watched) == {"entities/sigma", "relations/sigma", "entities/temperature"}
    mapping = model.maps["relations"]
    assert mapping.prior_mean[0].in_features == LABEL  # the labels transferred to the head
    assert model.maps["entities"].prior_mean is None  # nothing below: N(0, I)


@pytest.mark.parametrize("name", StochasticMap.list_available())
@pytest.mark.parametrize("paths", ["both", "direct", "indirect"])
def test_a_stochastic_map_stands_between_encoder_and_head(build, name, paths):
    model, loader = build(config(GRAPHS["chain"], stochastic_map=name, paths=paths))
    model.eval()
    calls = {}
    for kind in ("maps", "heads"):
        for task, part in getattr(model, kind).items():
            part.register_forward_hook(
                lambda _, args, out, key=(kind, task): calls.update({key: (args, out)})
            )
    for task, part in model.architecture.encoders.items():
        part.register_forward_hook(lambda _, args, out, key=("H", task): calls.update({key: (args, out)}))
    batch = loader.batch([0, 1, 2])
    output = model(batch)
    seen = views(model, output)
    for task, below in zip(["verbs", "late", "relations"], ["entities", "verbs", "late"], strict=True):
        label = nn.functional.one_hot(seen[below].argmax(-1), seen[below].shape[-1]).float()
        th = model.label_transfer({below: label}, batch.mask)
        direct = th[..., :0] if paths == "indirect" else th
        (states, given), mapped = calls["maps", task]
        assert torch.equal(states, calls["H", task][1])
        assert torch.equal(given, direct)
        assert torch.equal(calls["heads", task][0][0], torch.cat([mapped.value, direct], -1))
        stacked = calls["H", task][0][0][..., -2 * HIDDEN :]
        assert torch.equal(stacked, calls["H", below][1])  # encoders stand on states, not on what is drawn
        if mapped.information is not None:
            annotated = batch.labels[task].annotated(batch.mask.device).unsqueeze(1)
            torch.testing.assert_close(
                output.losses[f"{task}/kl"].total, mapped.information().kl[batch.mask & annotated].sum()
            )


def test_a_fully_shared_encoder_takes_no_labels(build):
    for paths in ("both", "indirect"):
        with pytest.raises(ConfigurationError, match="FullyShared has none"):
            build(config(architecture="fully_shared", paths=paths))
    model, loader = build(config(architecture="fully_shared"))
    assert len(model.embedders) == 1
    assert (
        model.heads["relations"].scorer.heads.in_features == 6 + LABEL
    )  # labels reach the head all the same
    assert set(model(loader.batch([0])).losses) >= {"entities", "relations"}


def test_nothing_is_sampled_that_nobody_is_given(build, monkeypatch):
    def refuse(*_):
        raise AssertionError

    for settings in (config(label_transfer="none"), config({"entities": [], "verbs": [], "relations": []})):
        model, loader = build(settings)
        monkeypatch.setattr(type(model.label_sampler), "forward", refuse)
        assert set(model(loader.batch([0])).losses) >= {"entities", "relations"}


def test_it_learns_its_training_sentences(build):
    settings = config(GRAPHS["diamond"], label_sampler={"type": "gumbel", "temperature": 0.5})
    settings["encoder"]["hidden_size"] = 8
    model, loader = build(settings)
    model.initialize(loader)
    batch = loader.batch(range(len(loader)))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(100):
        optimizer.zero_grad()
        total(model(batch)).backward()
        optimizer.step()
    model.eval()
    for found, item in zip(model.decode(model(batch), batch), batch.instances, strict=True):
        for name, annotation in item.annotations.items():
            kind = "relations" if name == "relations" else "spans"
            assert sorted(getattr(found[name], kind)) == sorted(getattr(annotation, kind))


# Tasks of the whole text between tasks of tokens.


def with_texts(instances, **changes):
    """entities → topic → aspects → relations, each with all earlier ones as parents."""
    for item in instances:
        item.annotations["topic"] = LabelAnnotation(("long" if len(item) > 3 else "short",))
        item.annotations["aspects"] = LabelAnnotation(("place", "person")[: len(item) % 3])
    settings = config(**changes)
    entities, relations = settings["tasks"]
    topic = {"type": "single_label_classification", "name": "topic"}
    aspects = {"type": "multi_label_classification", "name": "aspects"}
    return {**settings, "tasks": [entities, topic, aspects, {**relations, "parents": None}]}


def other_topic(plain):
    """The topic that was not predicted, one-hot, as `TaskLabels`."""
    other = 1 - plain["topic"][:, 0].argmax(-1)
    cells = torch.stack([torch.arange(len(other)), other], dim=1)
    annotated = torch.ones(len(other), dtype=torch.bool)
    return {
        "topic": TaskLabels(
            [LabelAnnotation(("other",))] * len(other), {"cells": cells, "annotated": annotated}
        )
    }


@pytest.mark.parametrize("sampler", ["gumbel", "gold", "soft"])
@pytest.mark.parametrize("transfer_type", ["lstm", "gru", "concat"])
def test_tasks_of_tokens_and_of_texts_mix(build, instances, transfer_type, sampler):
    changes = {"label_transfer": transfer(transfer_type), "label_sampler": sampler}
    model, loader = build(with_texts(instances, **changes))
    model.initialize(loader)
    output = model(loader.batch([0, 1, 2]))
    total(output).backward()
    assert model.label_transfer.embeddings["topic"].weight.grad.abs().sum() > 0

    model.eval()
    together = views(model, model(loader.batch([0, 1, 2, 3])))
    alone = views(model, model(loader.batch([1])))
    for name, view in alone.items():
        torch.testing.assert_close(together[name][1, : view.shape[1]], view[0], rtol=1e-5, atol=1e-5)
    batch = loader.batch([0, 2])
    plain = views(model, model(batch))
    given = views(model, model(batch, other_topic(plain)))
    assert ((plain["relations"] - given["relations"]).abs().sum(-1)[batch.mask] > 0).all()  # at every token
    assert not torch.allclose(plain["aspects"], given["aspects"])
    assert torch.equal(plain["entities"], given["entities"])
