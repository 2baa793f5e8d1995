"""A world in which text → A and (text, A) → B are known: what inference does to the log-loss of B."""

import math
import random

import pytest
import torch

from causal_mtl.common import Params
from causal_mtl.data.instance import Instance, LabelAnnotation, Token
from causal_mtl.data.loader import CountableInstance, Loader
from causal_mtl.data.token_indexers import SingleIdIndexer
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models import Model
from causal_mtl.nn.inference import Inference
from causal_mtl.tasks import Task

P_A = {"low": 0.3, "high": 0.7}
"""P(A = yes) by the word that stands in the text."""
P_B = {True: 0.9, False: 0.1}
"""P(B = yes) by A."""
SIZE, STEPS = 400, 120


def world(count, seed):
    rng = random.Random(seed)
    instances = []
    for _ in range(count):
        word = rng.choice(list(P_A))
        a = rng.random() < P_A[word]
        b = rng.random() < P_B[a]
        annotations = {
            name: LabelAnnotation(("yes" if holds else "no",)) for name, holds in (("a", a), ("b", b))
        }
        tokens = [Token(word, 0, len(word)), Token("end", len(word) + 1, len(word) + 4)]
        instances.append(Instance(f"{word} end", tokens, annotations))
    return instances


@pytest.fixture(scope="module")
def trained():
    """On gold labels, with loaders of the training data and of other data."""
    indexers = {"tokens": SingleIdIndexer()}
    configs = [{"type": "single_label_classification", "name": name} for name in ("a", "b")]
    tasks = [Task.from_params(Params(dict(one))) for one in configs]
    data, other = world(SIZE, 0), world(SIZE, 1)
    vocab = Vocabulary.from_instances([CountableInstance(item, indexers, tasks) for item in data])
    torch.manual_seed(0)
    settings = {
        "type": "cmtl",
        "embedder": {"tokens": {"type": "embedding", "embedding_dim": 4}},
        "encoder": {"type": "cnn", "windows": [1], "filters": 4},
        "label_transfer": {"type": "lstm", "label_dim": 4},
        "label_sampler": "gold",
        "tasks": configs,
    }
    model = Model.from_params(Params(settings), vocab=vocab)
    batch = Loader(data, vocab, indexers, tasks).batch(range(SIZE))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    for _ in range(STEPS):
        optimizer.zero_grad()
        sum(loss.total / SIZE for loss in model(batch).losses.values()).backward()
        optimizer.step()
    return model.eval(), Loader(other, vocab, indexers, tasks).batch(range(SIZE))


@torch.no_grad()
def losses_of_b(trained, inference):
    model, batch = trained
    model.inference = Inference.from_params(Params(inference))
    return -model.heads["b"].log_likelihood(model(batch).outputs["b"], batch.labels["b"].targets)


def test_marginal_inference_has_the_lower_log_loss(trained):
    """The difference between texts is so far from 0 that it cannot be chance."""
    likely, exact, drawn = (
        losses_of_b(trained, inference)
        for inference in ({"type": "most_likely"}, {"type": "marginal"}, {"type": "marginal", "budget": 1})
    )
    for averaged in (exact, drawn):
        gain = likely - averaged
        assert float(gain.mean()) > 0.05
        assert float(gain.mean()) > 4 * float(gain.std()) / math.sqrt(SIZE)
    best = 0.66  # P(B = yes) is 0.66 or 0.34, so no model can have less than this entropy on average
    assert float(exact.mean()) == pytest.approx(
        -best * math.log(best) - (1 - best) * math.log(1 - best), abs=0.06
    )


def test_the_label_is_listened_to(trained):
    model, batch = trained
    p = []
    for label in ("yes", "no"):
        index = model.heads["a"].names.index(label)
        cells = torch.tensor([(row, index) for row in range(SIZE)])
        gold = batch.labels["a"]
        fixed = type(gold)(gold.annotations, {**gold.targets, "cells": cells})
        found = model.heads["b"].probabilities(model(batch, {"a": fixed}).outputs["b"])
        p.append(float(found[:, model.heads["b"].names.index("yes")].mean()))
    assert p[0] - p[1] == pytest.approx(0.8, abs=0.15)
