"""A tiny model, task and loader with the interfaces that training uses: two tasks over ragged 'sentences'."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from types import SimpleNamespace

import torch
from torch import Tensor, nn

from causal_mtl.data.instance import LabelAnnotation
from causal_mtl.data.loader import TaskLabels
from causal_mtl.metrics import Measure, Metric
from causal_mtl.models.output import Loss, ModelOutput

TASKS = ("colour", "size")
WORDS = 12


class Accuracy(Metric):
    def count(self, predicted, gold, instance):
        self.counts["right",] += predicted.labels == gold.labels
        self.counts["all",] += 1

    def get_metric(self, reset=False):
        return {"accuracy": self.counts["right",] / max(1, self.counts["all",])}


@dataclass
class FakeTask:
    name: str

    def metric(self):
        return Accuracy()

    def measures(self):
        return {f"{self.name}/accuracy": Measure(higher_is_better=True)}

    def metric_names(self):
        return [f"{self.name}/accuracy"]


@dataclass(frozen=True)
class FakeBatch:
    instances: list
    words: Tensor
    mask: Tensor
    labels: dict[str, TaskLabels]
    counts: Counter[str]

    def to(self, device):
        return replace(self, words=self.words.to(device), mask=self.mask.to(device))

    def __len__(self):
        return len(self.instances)


class FakeLoader:
    """Sentences of 1 to 9 words; the label of a task is whether its own word occurs; many lack a task."""

    def __init__(self, size=40, seed=0):
        rng = random.Random(seed)
        self.instances = []
        for _ in range(size):
            words = [rng.randrange(1, WORDS) for _ in range(rng.randint(1, 9))]
            annotations = {
                name: LabelAnnotation((str(int(word in words)),))
                for word, name in enumerate(TASKS, 3)
                if rng.random() < 0.6
            }
            self.instances.append(SimpleNamespace(words=words, annotations=annotations))
        self.lengths = [len(instance.words) for instance in self.instances]

    def counts(self, indices):
        return Counter(name for i in indices for name in self.instances[i].annotations)

    def batch(self, indices):
        instances = [self.instances[i] for i in indices]
        words = nn.utils.rnn.pad_sequence([torch.tensor(i.words) for i in instances], batch_first=True)
        counts = self.counts(indices)
        labels = {n: TaskLabels([i.annotations.get(n) for i in instances], {}) for n in TASKS if counts[n]}
        return FakeBatch(instances, words, words > 0, labels, counts)


class FakeModel(nn.Module):
    def __init__(self, dropout=0.0, seed=0, width=6):
        super().__init__()
        self.tasks = [FakeTask(name) for name in TASKS]
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(WORDS, width)
            self.encoder = nn.Linear(width, width)
            self.heads = nn.ModuleDict({name: nn.Linear(width, 2) for name in TASKS})
        self.dropout = nn.Dropout(dropout)

    def consistency(self):
        return []

    def forward(self, batch, labels=None):
        states = self.dropout(torch.tanh(self.encoder(self.embedding(batch.words))))
        states = (states * batch.mask.unsqueeze(-1)).sum(1)
        logits = {name: head(states) for name, head in self.heads.items()}
        losses = {}
        for name, gold in batch.labels.items():
            rows = [i for i, annotation in enumerate(gold.annotations) if annotation is not None]
            wanted = torch.tensor([int(gold.annotations[i].labels[0]) for i in rows], device=states.device)
            total = nn.functional.cross_entropy(logits[name][rows].float(), wanted, reduction="sum")
            losses[name] = Loss(total, name, weight=0.5 if name == "size" else 1.0)
        return ModelOutput(logits, losses)

    def begin_epoch(self, epoch):
        self.epoch = epoch

    def decode(self, output, batch, labels=None):
        best = {name: logits.argmax(-1).tolist() for name, logits in output.outputs.items()}
        return [{name: LabelAnnotation((str(best[name][i]),)) for name in best} for i in range(len(batch))]


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same_weights(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
