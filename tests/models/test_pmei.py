from collections import Counter
from dataclasses import replace

import pytest
import torch
from slow_reference import (
    assert_gradients_are_finite_differences,
    assert_same_gradients,
    linear,
    slow_bilstm,
    slow_head,
    some_labels,
    total,
    views,
)
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import softplus

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import LabelAnnotation, Span, SpanAnnotation
from causal_mtl.data.loader import TaskLabels
from causal_mtl.nn.encoders import Encoder
from causal_mtl.nn.stochastic_maps import StochasticMap

WIDTH, HIDDEN = 4, 3
MAPS = StochasticMap.list_available()
INTERACTIONS = ["all", "own", "none"]
RELATIONS = {"type": "relation_extraction", "name": "relations", "hidden_size": 9}
ENTITIES = {"type": "sequence_tagging", "name": "entities"}
LATE = {"type": "sequence_tagging", "name": "late", "scheme": "BIO"}
TOPIC = {"type": "single_label_classification", "name": "topic"}
ASPECTS = {"type": "multi_label_classification", "name": "aspects"}


@pytest.fixture
def instances(instances):
    """With one more kind of spans and labels of texts; the last sentence carries no relations."""
    for item in instances:
        item.annotations["topic"] = LabelAnnotation(("long" if len(item) > 3 else "short",))
        item.annotations["aspects"] = LabelAnnotation(("place", "person")[: len(item) % 3])
        item.annotations["late"] = SpanAnnotation((Span(0, min(2, len(item)), "start"),))
    del instances[-1].annotations["relations"]
    return instances


def config(*tasks, **changes):
    return {
        "type": "pmei",
        "embedder": {"tokens": {"type": "embedding", "embedding_dim": WIDTH}},
        "encoder": {"type": "bilstm", "hidden_size": HIDDEN},
        "tasks": list(tasks or (ENTITIES, RELATIONS)),
        **changes,
    }


# Equations 5-7 and 10-15, sentence by sentence and token by token (see `slow_reference`).


def slow_cell(cell, h, y):
    z = torch.sigmoid(cell.update.weight @ torch.cat([h, y]))
    u = torch.sigmoid(cell.reset.weight @ torch.cat([h, y]))
    candidate = torch.tanh(cell.output.weight @ torch.cat([u * h, y]))
    return (1 - z) * h + z * candidate


def slow_mlp(layers, x):
    return linear(layers[2], torch.relu(linear(layers[0], x)))


def slow_map(kind, mapping, h, y, noise):
    """t and KL(p ‖ r) at one token (eq. 5-7)."""

    def sigma(raw, offset):
        return softplus(raw + offset) + 1e-6

    if kind == "identity":
        return h, 0.0
    if kind == "deterministic_gru":
        return slow_cell(mapping.cell, h, y), 0.0
    if kind == "deterministic_mlp":
        return slow_mlp(mapping.cell.layers, torch.cat([h, y])), 0.0
    if kind == "gru":
        mean, raw = slow_cell(mapping.mean, h, y), slow_cell(mapping.deviation, h, y)
    else:
        joint = torch.cat([h, y])
        mean, raw = slow_mlp(mapping.mean.layers, joint), slow_mlp(mapping.deviation.layers, joint)
    p = Normal(mean, sigma(raw, mapping.deviation_offset))
    if len(y):
        prior_raw = slow_mlp(mapping.prior_deviation, y)
        r = Normal(slow_mlp(mapping.prior_mean, y), sigma(prior_raw, mapping.prior_deviation_offset))
    else:
        r = Normal(torch.zeros_like(h), torch.ones_like(h))
    return mean + p.scale * noise, kl_divergence(p, r).sum()


def slow_probabilities(head, states, gold):
    """What others see of an early prediction (eq. 10 and 11), and the loss (eq. 12)."""
    logits, loss = slow_head(head, states, gold)
    if head.exclusive:
        powers = [torch.exp(o) for o in logits]
        return [of_token / of_token.sum() for of_token in powers], loss
    return [1 / (1 + torch.exp(-o)) for o in logits], loss


def slow_forward(model, loader, indices, settings, noise):
    """Probabilities that others see, and all losses of eq. 15."""
    kind, interaction = settings["stochastic_map"]["type"], settings["interaction"]
    seen, losses = {task.name: [] for task in model.tasks}, Counter()
    for row, number in enumerate(indices):
        ids = loader.batch([number]).inputs["tokens"]["token_ids"][0]
        shared = slow_bilstm(model.encoder, [model.embedder.embedders["tokens"].weight[i] for i in ids])
        gold = {task.name: list(loader.targets(task.name))[number] for task in model.tasks}
        early = {}
        if interaction != "none":
            for name, head in model.early_heads.items():
                early[name], loss = slow_probabilities(head, shared, gold[name])
                losses[f"{name}/early"] += loss
        for task in model.tasks:
            name = task.name
            sees = {"all": list(early), "own": [name], "none": []}[interaction]
            refined = []
            for place, h in enumerate(shared):
                y = torch.cat([h[:0], *(early[other][place] for other in sees)])
                drawn = noise[name][row, place] if name in noise else 0.0
                t, kl = slow_map(kind, model.maps[name], h, y, drawn)
                refined.append(t)
                if gold[name] is not None:
                    losses[f"{name}/kl"] += kl
            probabilities, loss = slow_probabilities(model.heads[name], refined, gold[name])
            seen[name].append(torch.stack(probabilities))
            losses[name] += loss
    return seen, losses


NUMBERS = [0, 1, 3]
SMALL = {"deviation_offset": -1.0, "prior_hidden_size": 5}


def of_map(name):
    return {"type": name, **(SMALL if name in ("gru", "mlp") else {})}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("kind", "interaction", "tasks"),
    [
        *((kind, "all", (ENTITIES, RELATIONS)) for kind in MAPS),
        ("gru", "own", (ENTITIES, RELATIONS)),
        ("gru", "none", (ENTITIES, RELATIONS)),
        ("deterministic_gru", "none", (ENTITIES, RELATIONS)),
        ("gru", "all", (ENTITIES, {**RELATIONS, "view": "both"}, LATE)),
        ("mlp", "all", (ENTITIES, {**RELATIONS, "diagonal": False, "weight": 0.5})),
    ],
)
def test_losses_predictions_and_gradients_are_those_of_the_equations(
    build, monkeypatch, kind, interaction, tasks, training
):
    alpha = {task["name"]: 0.3 + 0.2 * number for number, task in enumerate(tasks)}
    beta = {task["name"]: 0.1 + 0.4 * number for number, task in enumerate(tasks)}
    settings = config(*tasks, stochastic_map=of_map(kind), interaction=interaction, alpha=alpha, beta=beta)
    drawn, real = [], torch.randn_like
    model, loader = build(settings)
    model.double().train(training)
    monkeypatch.setattr(torch, "randn_like", lambda like: drawn.append(real(like)) or drawn[-1])
    output = model(loader.batch(NUMBERS))
    assert len(drawn) == (len(tasks) if training and kind in ("gru", "mlp") else 0)
    noise = dict(zip([task.name for task in model.tasks], drawn, strict=False))
    seen, losses = slow_forward(model, loader, NUMBERS, settings, noise)

    for name, view in views(model, output).items():
        found = view.softmax(-1) if model.heads[name].exclusive else view.sigmoid()
        for row, sentence in enumerate(seen[name]):
            torch.testing.assert_close(found[row, : len(sentence)], sentence)
    objective = 0.0
    for task in tasks:
        name, weight = task["name"], task.get("weight", 1.0)
        objective = objective + weight * losses[name]
        objective = objective + alpha[name] * weight * losses[f"{name}/early"]
        objective = objective + beta[name] * losses[f"{name}/kl"]
    torch.testing.assert_close(total(output), objective)
    for name, loss in output.losses.items():
        if not name.endswith("/sigma"):
            torch.testing.assert_close(loss.total, losses[name])

    assert_same_gradients(model, total(output), objective)


@pytest.mark.parametrize("interaction", INTERACTIONS)
@pytest.mark.parametrize("kind", ["gru", "mlp"])
def test_gradients_against_finite_differences(build, kind, interaction):
    settings = config(stochastic_map=of_map(kind), interaction=interaction, alpha=0.4, beta=0.6)
    model, loader = build(settings)
    model.double()
    assert_gradients_are_finite_differences(model, loader.batch([0, 1, 2, 3]))


# Labels that are set.


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_a_set_label_takes_the_place_of_the_early_prediction(build, kind, interaction):
    model, loader = build(config(stochastic_map=kind, interaction=interaction))
    model.eval()
    batch, labels = loader.batch([0, 2]), some_labels(loader, model, "entities", [0, 2], seed=5)
    plain, given = views(model, model(batch)), views(model, model(batch, labels))
    changed = {name: not torch.allclose(plain[name], given[name], atol=1e-6) for name in plain}
    uses = kind != "identity"
    assert changed == {
        "entities": uses and interaction != "none",  # its own map sees it, but decoding keeps the label
        "relations": uses and interaction == "all",
    }
    decoded = model.decode(model(batch, labels), batch, labels)
    assert [found["entities"] for found in decoded] == list(labels["entities"].annotations)


def test_a_set_label_is_one_hot_in_place_of_y(build):
    model, loader = build(config())
    model.eval()
    seen = []
    model.maps["relations"].register_forward_hook(lambda module, inputs, output: seen.append(inputs[1]))
    batch, labels = loader.batch([0, 1]), some_labels(loader, model, "entities", [0, 1], seed=5)
    model(batch)
    model(batch, labels)
    size = model.tasks["entities"].num_labels(model.vocab)
    wanted = torch.nn.functional.one_hot(labels["entities"].targets["tags"].clamp(min=0), size).float()
    assert torch.equal(seen[1][..., :size], wanted * batch.mask.unsqueeze(-1))
    assert torch.equal(seen[0][..., size:], seen[1][..., size:])
    torch.testing.assert_close(seen[0][..., :size].sum(-1), batch.mask.float())
    assert ((seen[0] >= 0) & (seen[0] <= 1)).all()


def test_a_sentence_without_a_set_label_is_predicted(build):
    """Among sentences with one."""
    model, loader = build(config())
    model.eval()
    batch, labels = loader.batch([0, 2]), some_labels(loader, model, "entities", [0, 2])
    targets = model.tasks["entities"].collate([None, labels["entities"].targets["tags"][1].tolist()],
                                              [loader.lengths[0], batch.mask.shape[1]])  # fmt: skip
    mixed = {"entities": TaskLabels([None, SpanAnnotation()], targets)}
    plain, given, output = model(batch), model(batch, labels), model(batch, mixed)
    for name, view in views(model, output).items():
        torch.testing.assert_close(view[0], views(model, plain)[name][0])
        torch.testing.assert_close(view[1], views(model, given)[name][1])
    decoded = model.decode(output, batch, mixed)
    assert decoded[0] == model.decode(plain, batch)[0]
    assert decoded[1] == model.decode(given, batch, labels)[1]


def test_the_loss_of_early_heads_stays_that_of_gold_if_a_label_is_set(build):
    model, loader = build(config())
    model.eval()
    batch, labels = loader.batch([0, 2]), some_labels(loader, model, "entities", [0, 2], seed=5)
    early = model(batch).losses["entities/early"].total
    assert torch.equal(early, model(batch, labels).losses["entities/early"].total)


# Interaction, α and β.


def test_without_interaction_a_map_sees_its_own_early_prediction(build):
    model, loader = build(config(interaction="own"))
    widths = {task.name: task.num_labels(model.vocab) for task in model.tasks}
    for name, mapping in model.maps.items():
        assert mapping.prior_mean[0].in_features == widths[name]
    assert len({*model.early_heads}) == 2
    model.zero_grad()
    model(loader.batch([0, 2])).losses["relations"].total.backward()
    assert model.early_heads["entities"].layer.weight.grad is None
    assert model.early_heads["relations"].scorer.bias.grad is not None


def test_early_predictions_carry_gradients(build):
    model, loader = build(config())
    model(loader.batch([0, 2])).losses["relations"].total.backward()
    assert model.early_heads["entities"].layer.weight.grad.abs().sum() > 0


def test_interaction_none_is_mtl_with_a_stochastic_map(build):
    model, loader = build(config(interaction="none"))
    assert len(model.early_heads) == 0
    assert all(mapping.prior_mean is None for mapping in model.maps.values())
    output = model(loader.batch([0, 2]))
    names = {f"{task}{part}" for task in ("entities", "relations") for part in ("", "/kl")}
    assert set(output.losses) == names
    assert set(output.watched) == {"entities/sigma", "relations/sigma"}


@pytest.mark.parametrize("tasks", [(ENTITIES, RELATIONS), (TOPIC, ASPECTS)], ids=["tokens", "texts"])
def test_interaction_none_with_identity_is_mtl(build, tasks):
    model, loader = build(config(*tasks, interaction="none", stochastic_map="identity"))
    mtl_config = {key: value for key, value in config(*tasks).items() if key != "stochastic_map"}
    mtl, _ = build({**mtl_config, "type": "mtl"}, seed=1)
    mtl.load_state_dict(model.state_dict())
    batch = loader.batch([0, 2])
    ours, theirs = model(batch), mtl(batch)
    assert set(ours.losses) == set(theirs.losses)
    assert all(torch.equal(loss.total, theirs.losses[name].total) for name, loss in ours.losses.items())


def test_alpha_and_beta_of_all_tasks_or_by_task(build):
    model, loader = build(config(alpha=0.25, beta={"entities": 0.5, "relations": 0.0}))
    losses = model(loader.batch([0, 2])).losses
    assert {name: loss.weight for name, loss in losses.items()} == {
        "entities": 1.0, "relations": 1.0, "entities/early": 0.25, "relations/early": 0.25,
        "entities/kl": 0.5, "relations/kl": 0.0,
    }  # fmt: skip


def test_without_alpha_and_beta_only_the_final_losses_train(build):
    model, loader = build(config(alpha=0.0, beta=0.0))
    output = model(loader.batch([0, 2]))
    ours = torch.autograd.grad(total(output), list(model.parameters()), retain_graph=True)
    final = output.losses["entities"].total + output.losses["relations"].total
    theirs = torch.autograd.grad(final, list(model.parameters()), allow_unused=True)
    for (name, parameter), one, other in zip(model.named_parameters(), ours, theirs, strict=True):
        if name.startswith("maps.") and ".prior_" in name:
            assert other is None  # only the KL trains the priors
        torch.testing.assert_close(one, torch.zeros_like(parameter) if other is None else other)


@pytest.mark.parametrize("setting", ["alpha", "beta"])
@pytest.mark.parametrize("value", [{"entities": 0.1}, {"entities": 0.1, "relation": 0.1}, -0.1])
def test_wrong_alpha_or_beta_is_an_error(build, setting, value):
    with pytest.raises(ConfigurationError, match=setting):
        build(config(**{setting: value}))


def test_sentences_without_a_task_add_no_kl_and_no_early_loss_of_it(build):
    model, loader = build(config())
    model.eval()
    with_it, together = (
        {**output.losses, **output.watched}
        for output in (model(loader.batch([0])), model(loader.batch([0, 3])))
    )
    for part in ("", "/early", "/kl", "/sigma"):
        name = f"relations{part}"
        torch.testing.assert_close(with_it[name].total, together[name].total, rtol=1e-5, atol=1e-5)
    assert not any(name.startswith("relations") for name in model(loader.batch([3])).losses)


def test_sigma_is_watched_as_a_mean(build):
    model, loader = build(config(stochastic_map={"type": "gru", "deviation_offset": 0.0}))
    sigma = model(loader.batch([0, 1, 2])).watched["entities/sigma"].total
    assert 0.3 < float(sigma) / 3 < 1.2
    assert not sigma.requires_grad


# The single-task forms of figure 1.


ALONE = {**RELATIONS, "mentions": None}


@pytest.mark.parametrize("task", [ENTITIES, TOPIC, ASPECTS, ALONE], ids=lambda task: task["name"])
@pytest.mark.parametrize(
    ("form", "losses"),
    [
        ({"interaction": "none", "stochastic_map": "identity"}, {""}),  # (A) basic
        ({"stochastic_map": "deterministic_mlp"}, {"", "/early"}),  # (B) progressive
        ({"stochastic_map": "gru"}, {"", "/early", "/kl"}),  # (C) with information control
    ],
)
def test_single_task_forms(build, task, form, losses):
    model, loader = build(config(task, **form))
    output = model(loader.batch([0, 1, 2]))
    assert set(output.losses) == {f"{task['name']}{part}" for part in losses}
    total(output).backward()


# Tasks of tokens and of whole texts.


@pytest.mark.parametrize("kind", MAPS)
def test_early_predictions_of_a_text_stand_at_every_token(build, kind):
    model, loader = build(config(ENTITIES, TOPIC, ASPECTS, RELATIONS, stochastic_map=kind))
    model.initialize(loader)
    total(model(loader.batch([0, 1, 2]))).backward()
    model.eval()
    seen = []
    model.maps["entities"].register_forward_hook(lambda module, inputs, output: seen.append(inputs[1]))
    batch = loader.batch([0, 1, 2, 3])
    together = views(model, model(batch))
    start = model.tasks["entities"].num_labels(model.vocab)
    topics = seen[0][..., start : start + 2]
    assert torch.equal(topics, topics[:, :1] * batch.mask.unsqueeze(-1))
    torch.testing.assert_close(topics[:, 0].sum(-1), torch.ones(4))
    for name, view in views(model, model(loader.batch([1]))).items():
        torch.testing.assert_close(together[name][1, : view.shape[1]], view[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", MAPS)
def test_labels_of_texts_alone_are_predicted_from_one_state(build, kind):
    model, loader = build(config(TOPIC, ASPECTS, stochastic_map=kind))
    model.initialize(loader)
    total(model(loader.batch([0, 1, 2]))).backward()
    model.eval()
    batch = loader.batch([0, 1, 2, 3])
    encoded, seen = [], []
    model.encoder.register_forward_hook(lambda module, inputs, output: encoded.append(output))
    model.maps["topic"].register_forward_hook(lambda module, inputs, output: seen.append((inputs, output)))
    together = model(batch)
    (states, early), mapped = seen[0]
    for row, length in enumerate(batch.mask.sum(dim=1).tolist()):
        torch.testing.assert_close(states[row], encoded[0][row, :length].amax(dim=0, keepdim=True))
    assert early.shape == (4, 1, 4)
    torch.testing.assert_close(early[..., :2].sum(-1), torch.ones(4, 1))
    if mapped.information is not None:
        kl, _ = mapped.information()
        assert kl.shape == (4, 1)
        torch.testing.assert_close(together.losses["topic/kl"].total, kl.sum())
    for name, view in views(model, model(loader.batch([1]))).items():
        torch.testing.assert_close(views(model, together)[name][1], view[0], rtol=1e-5, atol=1e-5)


def test_a_set_label_of_a_text_takes_the_place_of_its_early_prediction(build):
    model, loader = build(config(TOPIC, ASPECTS))
    model.eval()
    batch = loader.batch([0, 1])
    seen = []
    model.maps["aspects"].register_forward_hook(lambda module, inputs, output: seen.append(inputs[1]))
    gold = batch.labels["topic"]
    model(batch, {"topic": replace(gold, annotations=[gold.annotations[0], None])})
    model(batch)
    given, predicted = (early[:, 0, :2] for early in seen)
    assert sorted(given[0].tolist()) == [0.0, 1.0]
    assert given[0].argmax() == gold.targets["cells"][0, 1]
    assert torch.equal(given[1], predicted[1])


# Padding, batches, seeds.


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("interaction", INTERACTIONS)
@pytest.mark.parametrize("view", ["head", "both"])
def test_padding_and_batch_composition_change_nothing(build, kind, interaction, view):
    relations = {**RELATIONS, "view": view}
    model, loader = build(config(ENTITIES, relations, LATE, stochastic_map=kind, interaction=interaction))
    model.eval()
    together = model(loader.batch([0, 1, 2, 3]))
    seen, alone = views(model, together), Counter()
    for row, number in enumerate([0, 1, 2, 3]):
        output = model(loader.batch([number]))
        for name, own in views(model, output).items():
            length = loader.lengths[number]
            torch.testing.assert_close(seen[name][row, :length], own[0], rtol=1e-5, atol=1e-5)
        alone.update({name: loss.total for name, loss in output.losses.items()})
    for name, loss in together.losses.items():
        torch.testing.assert_close(loss.total, alone[name], rtol=1e-5, atol=1e-4)


def test_one_seed_one_result_and_evaluation_without_chance_or_gold(build):
    model, loader = build(config(ENTITIES, RELATIONS, LATE, encoder_dropout=0.3, embedding_dropout=0.3))
    batch = loader.batch([0, 2])

    def result(seed):
        torch.manual_seed(seed)
        return total(model(batch)).detach()

    assert torch.equal(result(1), result(1))
    assert not torch.equal(result(1), result(2))
    model.eval()
    assert torch.equal(result(1), result(2))
    blind = replace(batch, labels={}, counts=Counter())
    output = model(blind)
    assert not output.losses
    for name, view in views(model, output).items():
        assert torch.equal(view, views(model, model(batch))[name])


# Components, from a config.


@pytest.mark.parametrize("interaction", INTERACTIONS)
@pytest.mark.parametrize(
    ("key", "name"),
    [*(("stochastic_map", name) for name in MAPS), *(("encoder", name) for name in Encoder.list_available())],
)
def test_every_registered_component_trains_a_step(build, key, name, interaction):
    model, loader = build(config(ENTITIES, RELATIONS, LATE, interaction=interaction, **{key: name}))
    model.initialize(loader)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    output = model(loader.batch([0, 1, 2, 3]))
    total(output).backward()
    assert all(parameter.grad is not None for parameter in model.parameters() if parameter.requires_grad)
    optimizer.step()
    after = model.state_dict()
    assert all(value.isfinite().all() for value in after.values())
    for task in ("entities", "relations", "late"):
        assert any(not torch.equal(after[n], before[n]) for n in after if n.startswith(f"heads.{task}"))
    model.eval()
    batch = loader.batch([2, 0])
    assert len(model.decode(model(batch), batch)) == 2


def test_initialize_starts_early_and_final_heads_at_the_prior(build):
    model, loader = build(config())
    model.initialize(loader)
    for heads in (model.heads, model.early_heads):
        assert float(heads["relations"].scorer.bias.detach()) < -2
        assert float(heads["entities"].layer.bias.detach().exp().sum()) == pytest.approx(1.0)


def test_it_learns_its_training_sentences(build):
    settings = config(alpha=0.2, beta=1e-3)
    settings["encoder"]["hidden_size"] = 8
    model, loader = build(settings)
    model.initialize(loader)
    batch = loader.batch(range(len(loader)))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(120):
        optimizer.zero_grad()
        total(model(batch)).backward()
        optimizer.step()
    model.eval()
    for found, item in zip(model.decode(model(batch), batch), batch.instances, strict=True):
        assert found["entities"].spans == item.annotations["entities"].spans
        if "relations" in item.annotations:
            assert sorted(found["relations"].relations) == sorted(item.annotations["relations"].relations)
