"""Architectures with one state for each text, inside of a whole model, and which tasks they refuse."""

import copy
import json
from pathlib import Path

import pytest
import torch

from causal_mtl import load, train
from causal_mtl.common import ConfigurationError, ConfigurationErrors
from causal_mtl.data import DatasetReader, LabelAnnotation, Vocabulary
from causal_mtl.data.loader import CountableInstance, Loader, TaskLabels
from causal_mtl.models import Model
from causal_mtl.nn.architectures import Architecture
from causal_mtl.nn.stochastic_maps import StochasticMap
from causal_mtl.tasks import Task

FIXTURES = Path(__file__).parents[2] / "fixtures/jsonl"
AT_TEXTS = [name for name in Architecture.list_available() if Architecture.by_name(name).level == "text"]
TASKS = [
    {"type": "single_label_classification", "name": "main"},
    {"type": "multi_label_classification", "name": "topics"},
    {"type": "single_label_classification", "name": "length"},
]
LABEL, HIDDEN = 3, 4
each_architecture = pytest.mark.parametrize("architecture", AT_TEXTS)


@pytest.fixture(scope="module")
def reader():
    return DatasetReader.from_params({"type": "jsonl"})


@pytest.fixture(scope="module")
def annotated(reader):
    """Eight texts with three labels each; the last one lacks its topics."""
    instances = list(reader.read(str(FIXTURES / "train.jsonl")))[:8]
    for instance in instances:
        instance.annotations["main"] = LabelAnnotation(instance.annotations["topics"].labels[:1])
        instance.annotations["length"] = LabelAnnotation(("long" if len(instance) > 7 else "short",))
    del instances[-1].annotations["topics"]
    return instances


def config(architecture, **changes):
    return {
        "type": "cmtl",
        "embedder": {"tokens": {"type": "embedding", "embedding_dim": 5}},
        "encoder": {"type": "cnn", "windows": [2, 3], "filters": 4},
        "architecture": {"type": architecture, "hidden_size": HIDDEN},
        "label_transfer": {"type": "lstm", "label_dim": LABEL},
        "tasks": copy.deepcopy(TASKS),
        **changes,
    }


def built(settings, annotated, reader):
    tasks = [Task.from_params(copy.deepcopy(task)) for task in settings["tasks"]]
    vocab = Vocabulary.from_instances(
        [CountableInstance(item, reader.token_indexers, tasks) for item in annotated]
    )
    torch.manual_seed(0)
    model = Model.from_params(copy.deepcopy(settings), vocab=vocab)
    return model, Loader(annotated, vocab, reader.token_indexers, model.tasks)


def total(output):
    return sum(loss.weight * loss.total for loss in output.losses.values())


def slow_fold(transfer, labels):
    """Eq. 1–2 for one text."""
    state = None
    for task, label in labels.items():
        state = transfer.cell((transfer.embeddings[task].weight @ label).unsqueeze(0), state)
    return torch.zeros(0).double() if state is None else state[0][0]


def slow_loss(head, logits, gold):
    """Cross-entropy (eq. 20), or its binary form (eq. 18)."""
    if gold is None:
        return 0.0
    if head.exclusive:
        return -(logits.exp() / logits.exp().sum())[gold[0]].log()
    y = torch.zeros_like(logits).index_fill(0, torch.tensor(gold, dtype=torch.long), 1.0)
    p = 1 / (1 + (-logits).exp())
    return -(y * p.log() + (1 - y) * (1 - p).log()).sum()


def slow_forward(model, loader, indices):
    """Eq. 1–2 and 5–7 with gold labels handed on, text by text: logits of all tasks, and their losses."""
    parents, architecture = model.tasks.parents, model.architecture
    logits, losses = {name: [] for name in parents}, dict.fromkeys(parents, 0.0)
    for number in indices:
        batch = loader.batch([number])
        embedded = model.embedders["all"](batch.inputs, batch.mask)
        handed_on, state = {}, None
        for task in model.tasks:
            name, head = task.name, model.heads[task.name]
            th = slow_fold(model.label_transfer, {parent: handed_on[parent] for parent in parents[name]})
            h_init = architecture.encoders[name](embedded, batch.mask)[0].amax(dim=0)  # eq. 5
            zeros = torch.zeros(LABEL - len(th)).double()
            state = architecture.cell(torch.cat([h_init, th, zeros]).unsqueeze(0), state)  # eq. 6
            found = head.layer.weight @ torch.cat([state[0][0], th]) + head.layer.bias  # eq. 7
            gold = list(loader.targets(name))[number]
            losses[name] = losses[name] + slow_loss(head, found, gold)
            logits[name].append(found)
            if gold is None:  # not annotated: as it is predicted
                handed_on[name] = (found > 0).double()
            else:
                handed_on[name] = torch.zeros_like(found).index_fill(
                    0, torch.tensor(gold, dtype=torch.long), 1.0
                )
    return {name: torch.stack(rows) for name, rows in logits.items()}, losses


def test_the_equations_in_training_with_their_gradients(annotated, reader):
    model, loader = built(config("recurrent_cnn", label_sampler="gold"), annotated, reader)
    model.double()
    indices = [0, 3, 7]
    output = model(loader.batch(indices))
    logits, losses = slow_forward(model, loader, indices)
    for name, wanted in logits.items():
        torch.testing.assert_close(output.outputs[name], wanted)
        torch.testing.assert_close(output.losses[name].total, losses[name])
    parameters = list(model.parameters())
    for one, other in zip(
        torch.autograd.grad(total(output), parameters),
        torch.autograd.grad(sum(losses.values()), parameters),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@each_architecture
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"paths": "direct"},
        {"paths": "indirect", "label_transfer": {"type": "gru", "label_dim": LABEL}},
        {"label_transfer": {"type": "concat", "label_dim": LABEL}},
        {"label_transfer": "none"},
        {"stochastic_map": "gru"},
    ],
    ids=str,
)
def test_it_learns_and_padding_and_the_other_texts_change_nothing(architecture, changes, annotated, reader):
    model, loader = built(config(architecture, **changes), annotated, reader)
    model.initialize(loader)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    batch, values = loader.batch(range(8)), []
    for _ in range(8):
        optimizer.zero_grad()
        values.append(total(model(batch)))
        values[-1].backward()
        optimizer.step()
    assert values[-1] < values[0]
    idle = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert idle == []

    model.eval()
    together = model(batch)
    summed = dict.fromkeys(together.losses, 0.0)
    for number in range(8):
        own = loader.batch([number])
        alone = model(own)
        for name, logits in alone.outputs.items():
            torch.testing.assert_close(together.outputs[name][number], logits[0], rtol=1e-5, atol=1e-5)
        for name, loss in alone.losses.items():
            summed[name] += loss.total
    for name, loss in together.losses.items():  # a KL too counts once for a text, not for each token
        torch.testing.assert_close(loss.total, torch.as_tensor(summed[name]), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("kind", StochasticMap.list_available())
@pytest.mark.parametrize("beside_tokens", [False, True])
def test_a_stochastic_map_draws_one_state_per_text_where_no_task_labels_tokens(
    kind, beside_tokens, annotated, reader
):
    tasks = [{"type": "sequence_tagging", "name": "entities"}] * beside_tokens + [TASKS[0], TASKS[2]]
    settings = config(None, tasks=tasks, stochastic_map=kind) | {"architecture": "hierarchical"}
    model, loader = built(settings, annotated, reader)
    model.eval()
    seen, encoded = {}, {}
    for name in model.maps:
        model.maps[name].register_forward_hook(
            lambda _, args, out, name=name: seen.update({name: (args, out)})
        )
        model.architecture.encoders[name].register_forward_hook(
            lambda _, args, out, name=name: encoded.update({name: out})
        )
    batch = loader.batch(range(4))
    together = model(batch)
    for name in ("main", "length"):
        (states, labels), mapped = seen[name]
        real = batch.mask if beside_tokens else batch.mask[:, :1]
        assert states.shape[:2] == labels.shape[:2] == real.shape
        for row, length in enumerate(batch.mask.sum(dim=1).tolist()):
            whole = encoded[name][row, :length].amax(dim=0, keepdim=True)
            torch.testing.assert_close(states[row], encoded[name][row] if beside_tokens else whole)
        if mapped.information is not None:
            torch.testing.assert_close(
                together.losses[f"{name}/kl"].total, mapped.information().kl[real].sum()
            )
    alone = model(loader.batch([1]))
    for name in ("main", "length"):
        torch.testing.assert_close(together.outputs[name][1], alone.outputs[name][0], rtol=1e-5, atol=1e-5)


@each_architecture
def test_a_label_that_is_set_moves_later_tasks_along_both_paths(architecture, annotated, reader):
    model, loader = built(config(architecture), annotated, reader)
    model.eval()
    batch = loader.batch([0, 1, 2])
    plain = model(batch).outputs
    number = plain["main"].shape[1]
    targets = [[int(index + 1) % number] for index in plain["main"].argmax(-1)]  # not what is predicted
    annotations = [LabelAnnotation(("other",))] * 3
    other = {"main": TaskLabels(annotations, model.tasks["main"].collate(targets, [1] * 3))}
    for given in ({"labels": other}, {"labels": other, "encoder_labels": {}}, {"encoder_labels": other}):
        moved = model(batch, **given).outputs
        assert torch.equal(plain["main"], moved["main"])
        assert not torch.allclose(plain["topics"], moved["topics"])
        assert not torch.allclose(plain["length"], moved["length"])


@each_architecture
def test_tasks_of_tokens_are_refused_by_the_model(architecture, annotated, reader):
    tasks = [{"type": "sequence_tagging", "name": "entities"}, TASKS[0]]
    with pytest.raises(ConfigurationError, match=r"tasks\[0\].*'entities' labels tokens"):
        built(config(architecture, tasks=tasks), annotated, reader)


def experiment(architecture, **changes):
    return {
        "dataset_reader": {"type": "jsonl"},
        "train_data_path": str(FIXTURES / "train.jsonl"),
        "validation_data_path": str(FIXTURES / "dev.jsonl"),
        "model": config(architecture, tasks=[TASKS[1]], **changes),
        "data_loader": {"batch_size": 12},
        "trainer": {
            "num_epochs": 1,
            "optimizer": {"type": "adam", "lr": 0.02},
            "validation_metric": "+topics/f1",
            "device": "cpu",
        },
    }


@each_architecture
def test_tasks_of_tokens_are_refused_before_data_is_read(architecture, tmp_path, monkeypatch):
    settings = experiment(architecture)
    settings["model"]["tasks"].append({"type": "relation_extraction", "name": "relations", "mentions": None})
    settings["trainer"]["num_epoch"] = 1
    monkeypatch.setattr(DatasetReader, "read", lambda *_: pytest.fail("data was read"))
    with pytest.raises(ConfigurationErrors) as caught:
        train(settings, tmp_path / "run")
    lines = str(caught.value).splitlines()
    assert any(line.startswith("model.tasks[1].type: 'relations' labels tokens") for line in lines)
    assert any(line.startswith("trainer.num_epoch: unknown key") for line in lines)


@each_architecture
def test_from_a_config_to_labelled_text(architecture, tmp_path):
    train(experiment(architecture), tmp_path / "run")
    settings = json.loads((tmp_path / "run/config.json").read_text())["model"]["architecture"]
    assert settings == {"type": architecture, "hidden_size": HIDDEN}
    for text in ("Rome", "Ann Lee lives in Rome."):  # one token, several
        assert set(load(tmp_path / "run").predict(text)["annotations"]) == {"topics"}
