from pathlib import Path

import pytest
import torch

from causal_mtl import load, train
from causal_mtl.common import ConfigurationError, ConfigurationErrors, Params
from causal_mtl.data.instance import LabelAnnotation
from causal_mtl.data.loader import CountableInstance, Loader, TaskLabels
from causal_mtl.data.token_indexers import SingleIdIndexer
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models import Model
from causal_mtl.tasks import Task
from causal_mtl.training.checks import check

FIXTURES = Path(__file__).parents[2] / "fixtures/jsonl"
TASKS = ("article", "charge", "term")
CONFIG = {
    "type": "mpbfn",
    "embedder": {"tokens": {"type": "embedding", "embedding_dim": 5}},
    "encoder": {"type": "cnn", "windows": [2, 3], "filters": 4},
    "label_dim": 6,
    "tasks": [{"type": "single_label_classification", "name": name} for name in TASKS],
}


@pytest.fixture
def instances(instances):
    """The last text carries no term."""
    for item in instances:
        for number, name in enumerate(TASKS, start=2):
            item.annotations[name] = LabelAnnotation((f"{name} {len(item) % number}",))
    del instances[-1].annotations["term"]
    return instances


@pytest.fixture
def built(instances):
    indexers = {"tokens": SingleIdIndexer()}
    tasks = [Task.from_params(Params(dict(task))) for task in CONFIG["tasks"]]
    vocab = Vocabulary.from_instances([CountableInstance(item, indexers, tasks) for item in instances])
    torch.manual_seed(0)
    return Model.from_params(Params(dict(CONFIG)), vocab=vocab), Loader(instances, vocab, indexers, tasks)


def test_it_learns_its_texts(built):
    model, loader = built
    model.initialize(loader)
    optimizer, batch = torch.optim.Adam(model.parameters(), lr=0.03), loader.batch([0, 1, 2, 3])
    for _ in range(60):
        optimizer.zero_grad()
        sum(loss.total for loss in model(batch).losses.values()).backward()
        optimizer.step()
    assert not [name for name, parameter in model.named_parameters() if parameter.grad is None]
    model.eval()
    for found, item in zip(model.decode(model(batch), batch), batch.instances, strict=True):
        for name in TASKS:
            if name in item.annotations:
                assert found[name].labels == item.annotations[name].labels
                assert found[name].scores[0] > 0.5


def test_scores_are_distributions_and_do_not_depend_on_the_batch(built):
    model, loader = built
    model.eval()
    together = model(loader.batch([0, 1, 2, 3])).outputs
    for row in range(4):
        for name, alone in model(loader.batch([row])).outputs.items():
            torch.testing.assert_close(alone.exp().sum(), torch.tensor(1.0))
            torch.testing.assert_close(together[name][row], alone[0], rtol=1e-5, atol=1e-6)


def test_a_label_that_is_set_moves_all_other_tasks_and_is_kept(built):
    model, loader = built
    model.eval()
    batch = loader.batch([0, 2])
    plain = model(batch).outputs
    other = 1 - plain["charge"].argmax(-1).clamp(max=1)
    annotations = [LabelAnnotation(("charge 9",))] * 2
    targets = model.tasks["charge"].collate([[int(index)] for index in other], [1, 1])
    labels = {"charge": TaskLabels(annotations, targets)}
    moved = model(batch, labels)
    for name in ("article", "term"):  # backwards and forwards
        assert not torch.allclose(plain[name], moved.outputs[name], atol=1e-6)
    assert [found["charge"] for found in model.decode(moved, batch, labels)] == annotations


def experiment(*tasks):
    return {
        "dataset_reader": {"type": "jsonl"},
        "train_data_path": str(FIXTURES / "train.jsonl"),
        "validation_data_path": str(FIXTURES / "dev.jsonl"),
        "model": {**CONFIG, "tasks": list(tasks)},
        "data_loader": {"batch_size": 12},
        "trainer": {"num_epochs": 1, "optimizer": {"type": "adam", "lr": 0.02}, "device": "cpu"},
    }


def test_tasks_of_tokens_are_refused_before_data_is_read():
    with pytest.raises(ConfigurationErrors, match=r"model\.tasks\[0\]\.type: 'entities' labels tokens"):
        check(Params(experiment({"type": "sequence_tagging", "name": "entities"})))


def test_tasks_of_many_labels_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="'topics' must have exactly one label"):
        train(experiment({"type": "multi_label_classification", "name": "topics"}), tmp_path / "run")


def test_an_archive_predicts(tmp_path):
    lines = [
        f'{{"text": "{word} word", "annotations": {{"charge": {{"labels": ["{word}"]}}}}}}' for word in "ab"
    ]
    (tmp_path / "train.jsonl").write_text("\n".join(lines))
    config = experiment({"type": "single_label_classification", "name": "charge"})
    config |= {"train_data_path": str(tmp_path / "train.jsonl")}
    del config["validation_data_path"]
    train(config, tmp_path / "run")
    predicted = load(tmp_path / "run").predict("a")["annotations"]["charge"]
    assert predicted["labels"][0] in ("a", "b")
