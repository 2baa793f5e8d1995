"""Graphs whose tasks stand at the level of tokens, of pairs of tokens and of the whole text, in any order."""

import copy
import json
from pathlib import Path

import pytest
import torch

from causal_mtl import load, train
from causal_mtl.commands import main
from causal_mtl.data import DatasetReader, LabelAnnotation, SpanAnnotation, Vocabulary
from causal_mtl.data.loader import CountableInstance, Loader
from causal_mtl.models import Model
from causal_mtl.nn.label_samplers import LabelSampler
from causal_mtl.tasks import Task

FIXTURES = Path(__file__).parents[2] / "fixtures/jsonl"

ENTITIES = {"type": "sequence_tagging", "name": "entities"}
SPANS = {"type": "span_classification", "name": "entities", "overlaps": "flat"}
RELATIONS = {"type": "relation_extraction", "name": "relations", "mentions": "entities"}
TOPICS = {"type": "multi_label_classification", "name": "topics"}
MAIN = {"type": "single_label_classification", "name": "main"}  # the first topic, as `annotated` adds it

GRAPHS = {
    "token → pair → text": [ENTITIES, RELATIONS, TOPICS],
    "text → token → pair": [TOPICS, ENTITIES, RELATIONS],
    "text → token → text": [MAIN, ENTITIES, TOPICS],
    "token → text → pair": [ENTITIES, MAIN, RELATIONS],
    "text → text → token": [TOPICS, MAIN, ENTITIES],
    "span → pair → text": [SPANS, RELATIONS, TOPICS],
    "text → span": [MAIN, SPANS],
}
EMBEDDER = {"tokens": {"type": "embedding", "embedding_dim": 8}}
ENCODER = {"type": "bilstm", "hidden_size": 6}
MODELS = {
    "mtl": {"type": "mtl", "embedder": EMBEDDER, "encoder": ENCODER},
    "cmtl": {
        "type": "cmtl",
        "embedder": EMBEDDER,
        "encoder": ENCODER,
        "label_transfer": {"type": "lstm", "label_dim": 5},
    },
    "pmei": {"type": "pmei", "embedder": EMBEDDER, "encoder": ENCODER},
}
each_model = pytest.mark.parametrize("kind", MODELS)
each_graph = pytest.mark.parametrize("tasks", GRAPHS.values(), ids=GRAPHS.keys())


@pytest.fixture(scope="module")
def reader():
    return DatasetReader.from_params({"type": "jsonl"})


@pytest.fixture(scope="module")
def annotated(reader):
    """Eight texts with all four kinds of labels."""
    instances = list(reader.read(str(FIXTURES / "train.jsonl")))[:8]
    for instance in instances:
        instance.annotations["main"] = LabelAnnotation(instance.annotations["topics"].labels[:1])
    return instances


def built(kind, tasks, annotated, reader):
    """An untrained model, and its data."""
    graph = [Task.from_params(copy.deepcopy(task)) for task in tasks]
    vocab = Vocabulary.from_instances(
        [CountableInstance(instance, reader.token_indexers, graph) for instance in annotated]
    )
    torch.manual_seed(0)
    model = Model.from_params({**copy.deepcopy(MODELS[kind]), "tasks": copy.deepcopy(tasks)}, vocab=vocab)
    return model, Loader(annotated, vocab, reader.token_indexers, model.tasks)


def views(model, batch, labels=None):
    outputs = model(batch, labels).outputs
    return {name: head.label_logits(outputs[name]).detach() for name, head in model.heads.items()}


@each_model
@each_graph
def test_it_trains_and_decodes(kind, tasks, annotated, reader):
    model, loader = built(kind, tasks, annotated, reader)
    model.initialize(loader)
    batch = loader.batch(range(len(loader)))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    values = []
    for _ in range(6):
        optimizer.zero_grad()
        losses = model(batch).losses
        objective = sum(loss.weight * loss.total / batch.counts[loss.task] for loss in losses.values())
        objective.backward()
        optimizer.step()
        values.append(float(objective.detach()))
    assert values[-1] < values[0]
    assert not [name for name, parameter in model.named_parameters() if parameter.grad is None]

    model.eval()
    decoded = model.decode(model(batch), batch)
    for found in decoded:
        assert list(found) == [task["name"] for task in tasks]
        if "main" in found:
            assert len(found["main"].labels) == len(found["main"].scores) == 1
        if "topics" in found:
            assert all(0.5 < score <= 1 for score in found["topics"].scores)


@each_model
@each_graph
def test_padding_and_batch_composition_change_no_score(kind, tasks, annotated, reader):
    model, loader = built(kind, tasks, annotated, reader)
    model.eval()
    indices = list(range(4))
    together = loader.batch(indices)
    scores, annotations = views(model, together), model.decode(model(together), together)
    for row, number in enumerate(indices):
        own = loader.batch([number])
        for name, view in views(model, own).items():
            shown = scores[name][row, : view.shape[1]]
            torch.testing.assert_close(shown, view[0], rtol=1e-5, atol=1e-5)
        assert model.decode(model(own), own) == [annotations[row]]


@pytest.mark.parametrize("kind", ["cmtl", "pmei"])
@each_graph
def test_a_label_that_is_set_moves_the_tasks_after_it(kind, tasks, annotated, reader):
    model, loader = built(kind, tasks, annotated, reader)
    model.eval()
    batch = loader.batch([0, 1, 2])
    gold, free = batch.labels, views(model, batch)
    for position, task in enumerate(tasks):
        name = task["name"]
        # Labels of other texts, so that no prediction can happen to agree with them.
        other = loader.batch([5, 6, 7]).labels[name] if task in (TOPICS, MAIN) else gold[name]
        moved = views(model, batch, {name: other})
        for number, later in enumerate(tasks):
            difference = (moved[later["name"]] - free[later["name"]])[
                batch.mask[:, : free[later["name"]].shape[1]]
            ]
            if number > position:
                assert difference.abs().max() > 1e-6, f"{name} → {later['name']}"
            elif kind == "cmtl":
                assert difference.abs().max() == 0, f"{name} → {later['name']}"


@each_model
def test_texts_that_are_not_annotated_for_a_task_add_nothing_to_its_loss(kind, annotated, reader):
    instances = copy.deepcopy(annotated[:3])
    del instances[1].annotations["topics"], instances[2].annotations["main"]
    tasks = [TOPICS, MAIN, ENTITIES]
    model, loader = built(kind, tasks, instances, reader)
    model.eval()
    assert loader.batch([0, 1, 2]).counts == {"topics": 2, "main": 2, "entities": 3}
    together = model(loader.batch([0, 1, 2])).losses
    alone = [model(loader.batch([number])).losses for number in range(3)]
    for task, indices in {"topics": [0, 2], "main": [0, 1]}.items():
        expected = sum(alone[number][task].total for number in indices)
        torch.testing.assert_close(together[task].total, expected, rtol=1e-5, atol=1e-5)
    assert "topics" not in alone[1]
    assert "main" not in alone[2]


def test_gold_labels_are_handed_on_where_there_are_any(annotated, reader):
    instances = copy.deepcopy(annotated[:3])
    del instances[1].annotations["topics"]
    model, loader = built("cmtl", [TOPICS, ENTITIES], instances, reader)
    model.label_sampler = LabelSampler.from_params({"type": "gold"})
    model.train()
    handed_on = []
    model.label_transfer.register_forward_hook(lambda _, inputs, output: handed_on.append(inputs[0]))
    batch = loader.batch([0, 1, 2])
    view = views(model, batch)["topics"]
    (labels,) = (labels["topics"] for labels in handed_on if "topics" in labels)
    gold = model.heads["topics"].labels(batch.labels["topics"].targets, batch.mask)
    assert torch.equal(labels[[0, 2]], gold[[0, 2]])
    assert torch.equal(labels[1], (view[1] > 0).float())


def test_set_labels_are_decoded_as_they_are(annotated, reader):
    model, loader = built("cmtl", GRAPHS["text → token → pair"], annotated, reader)
    model.eval()
    batch = loader.batch([0, 1])
    given = {"topics": batch.labels["topics"]}
    decoded = model.decode(model(batch, given), batch, given)
    assert [found["topics"] for found in decoded] == [
        instance.annotations["topics"] for instance in batch.instances
    ]
    assert all(isinstance(found["entities"], SpanAnnotation) for found in decoded)


@pytest.mark.parametrize("tasks", [[MAIN, TOPICS], [ENTITIES, MAIN, TOPICS]], ids=["text", "token and text"])
def test_labels_reach_a_text_as_in_equations_1_2_7_16_and_17(tasks, annotated, reader):
    """σ(W (pool(H) ⊕ pool(th)) + b) from loops, with th folded from labels of tokens and of the text."""
    model, loader = built("cmtl", tasks, annotated, reader)
    model.double().eval()
    states = {}
    model.architecture.register_forward_hook(lambda _, inputs, output: states.update({inputs[0]: output}))
    batch = loader.batch([0, 1, 2])
    with torch.no_grad():
        output = model(batch, batch.labels).outputs["topics"]
        embed, cell, layer = (
            model.label_transfer.embeddings,
            model.label_transfer.cell,
            model.heads["topics"].layer,
        )
        for row, instance in enumerate(batch.instances):
            transferred = []
            for token in range(len(instance)):
                state = None
                for task in tasks[:-1]:
                    labels = model.heads[task["name"]].labels(batch.labels[task["name"]].targets, batch.mask)
                    y = labels[row, token if labels.shape[1] > 1 else 0].double()
                    state = cell((embed[task["name"]].weight @ y).unsqueeze(0), state)
                assert state is not None
                transferred.append(state[0][0])
            if tasks[0] is MAIN:  # labels of the text alone: what is transferred need not be pooled
                assert torch.equal(torch.stack(transferred).amax(0), transferred[0])
            pooled = states["topics"][row, : len(instance)].amax(dim=0)
            h_0 = torch.cat([pooled, torch.stack(transferred).amax(dim=0)])
            slow = layer.weight @ h_0 + layer.bias
            torch.testing.assert_close(output[row], slow, rtol=1e-10, atol=1e-10)


def test_from_a_config_to_labelled_text(tmp_path, capsys):
    config = {
        "dataset_reader": {"type": "jsonl"},
        "train_data_path": str(FIXTURES / "train.jsonl"),
        "validation_data_path": str(FIXTURES / "dev.jsonl"),
        "model": {**MODELS["cmtl"], "tasks": GRAPHS["token → pair → text"]},
        "data_loader": {"batch_size": 12},
        "trainer": {
            "num_epochs": 2,
            "optimizer": {"type": "adam", "lr": 0.02},
            "validation_metric": "+topics/f1",
            "device": "cpu",
        },
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert main(["validate", str(tmp_path / "config.json")]) == 0
    assert "topics: 48 labels, 5 different, in 36 sentences" in capsys.readouterr().out

    metrics = train(config, tmp_path / "run").metrics
    assert 0 < metrics["validation_topics/f1"] <= 1
    assert main(["evaluate", str(tmp_path / "run"), str(FIXTURES / "dev.jsonl"), "--per-label"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["topics/f1"] == pytest.approx(metrics["validation_topics/f1"])
    assert sum(label["support"] for label in printed["per_label"]["topics"].values()) == 19

    predictor = load(tmp_path / "run")
    text = "Ann Lee lives in Rome."
    topics = predictor.predict(text)["annotations"]["topics"]
    assert len(topics["labels"]) == len(topics["scores"])
    given = {"text": text, "given": {"topics": {"labels": ["life"]}}}
    assert predictor.predict(given)["annotations"]["topics"] == {"labels": ["life"]}
