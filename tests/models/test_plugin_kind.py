"""A kind of task that the library does not know, that of docs/plugin.md, in every model."""

import re
from pathlib import Path

import pytest
import torch
from slow_reference import total, views

from causal_mtl.data.instance import LabelAnnotation
from causal_mtl.data.loader import CountableInstance, Loader, TaskLabels
from causal_mtl.data.token_indexers import SingleIdIndexer
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models import Model
from causal_mtl.nn.token_embedders import Embedding
from causal_mtl.tasks import SequenceTagging

PAGE = Path(__file__).parents[2] / "docs/plugin.md"


@pytest.fixture(scope="module")
def plugin():
    """What the page defines, without registering it for all tests."""
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    (task,) = [block for block in code if "class Rating(Task)" in block]
    names = {"__name__": "plugin"}
    exec(re.sub(r"^@\w+\.register\(.*\)\n", "", task, flags=re.MULTILINE), names)
    return names


@pytest.fixture
def made(plugin, instances, request):
    for number, item in enumerate(instances):
        item.annotations["rating"] = LabelAnnotation((str(number + 1),))
    del instances[3].annotations["rating"]
    tasks = [plugin["Rating"]("rating"), SequenceTagging("entities")]
    indexers = {"tokens": SingleIdIndexer()}
    vocab = Vocabulary.from_instances([CountableInstance(item, indexers, tasks) for item in instances])
    torch.manual_seed(0)
    model = Model.by_name(request.param)(vocab, {"tokens": Embedding(vocab, 8)}, tasks)
    return model, Loader(instances, vocab, indexers, tasks)


@pytest.mark.parametrize("made", ["mtl", "cmtl", "pmei"], indirect=True)
def test_it_is_learned(made):
    model, loader = made
    model.initialize(loader)
    assert model.heads["rating"].layer.bias.item() == pytest.approx(2.0)  # the mean of 1, 2 and 3
    batch = loader.batch(range(4))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(80):
        optimizer.zero_grad()
        total(model(batch)).backward()
        optimizer.step()
    model.eval()
    decoded = model.decode(model(batch), batch)
    assert [found["rating"].labels for found in decoded[:3]] == [("1",), ("2",), ("3",)]
    metric = model.tasks["rating"].metric()
    metric([found["rating"] for found in decoded], batch.labels["rating"].annotations, batch.instances)
    assert metric.get_metric() == {"mae": 0.0, "accuracy": 1.0}


@pytest.mark.parametrize("made", ["cmtl", "pmei"], indirect=True)
def test_a_label_that_is_set_reaches_other_tasks(made):
    model, loader = made
    model.eval()
    batch, task = loader.batch([0, 2]), model.tasks["rating"]

    def entities(stars):
        labels = TaskLabels([LabelAnnotation((str(stars),))] * 2, task.collate([float(stars)] * 2, [5, 8]))
        return views(model, model(batch, {"rating": labels}))["entities"]

    assert torch.equal(entities(1), entities(1))
    assert not torch.allclose(entities(1), entities(5), atol=1e-6)
