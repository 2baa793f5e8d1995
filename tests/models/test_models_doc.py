"""The snippets of docs/models.md are configs of models."""

import json
import re
from pathlib import Path

import pytest
from _jsonnet import evaluate_snippet

from causal_mtl.common import Params
from causal_mtl.data.instance import LabelAnnotation
from causal_mtl.data.loader import CountableInstance, Loader
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models import Model
from causal_mtl.nn.architectures import Architecture
from causal_mtl.nn.inference import Inference
from causal_mtl.nn.label_samplers import LabelSampler
from causal_mtl.nn.label_transfer import LabelTransfer
from causal_mtl.nn.schedules import Schedule
from causal_mtl.nn.stochastic_maps import StochasticMap
from causal_mtl.tasks import Task

DOC = (Path(__file__).parents[2] / "docs/models.md").read_text()
SNIPPETS = re.findall(r"```jsonnet\n(.*?)```", DOC, re.DOTALL)
BASE = """{ model: {
  embedder: { tokens: { type: 'embedding', embedding_dim: 3 } },
  tasks: [{ type: 'sequence_tagging', name: 'entities' }, { type: 'relation_extraction', name: 'relations' }],
} }"""


@pytest.fixture
def instances(instances):
    """With labels of texts, too."""
    for item in instances:
        for name in ("article", "charge", "term"):
            item.annotations[name] = LabelAnnotation((str(len(item) % 2),))
    return instances


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_a_snippet_builds_and_scores(instances, indexers, snippet):
    config = json.loads(evaluate_snippet("docs/models.md", f"{BASE} + {{ {snippet} }}"))
    tasks = [Task.from_params(Params(dict(task))) for task in config["model"]["tasks"]]
    vocab = Vocabulary.from_instances([CountableInstance(item, indexers, tasks) for item in instances])
    model = Model.from_params(Params(config["model"]), vocab=vocab)
    loader = Loader(instances, vocab, indexers, model.tasks)
    assert {task.name for task in model.tasks} <= set(model(loader.batch([0, 1])).losses)


@pytest.mark.parametrize(
    "base",
    [Model, Architecture, Inference, LabelTransfer, LabelSampler, Schedule, StochasticMap],
    ids=lambda base: base.__name__,
)
def test_every_component_is_explained(base):
    assert [name for name in base.list_available() if f"`{name}`" not in DOC] == []
