import math

import pytest
import torch

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import LabelAnnotation
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.tasks import MultiLabelClassification, Task


@pytest.fixture
def vocab():
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(["work", "travel", "family"], "topics_labels")
    return vocab


def test_targets_hold_each_label_once(instance, vocab):
    instance.annotations["topics"] = LabelAnnotation(("family", "work", "sports", "family"))
    assert MultiLabelClassification("topics").targets(instance, vocab) == [0, 2]


def test_loss_against_loops(vocab):
    """−Σ y log ŷ + (1 − y) log(1 − ŷ) over annotated texts and all labels; none is a label set like others."""
    torch.manual_seed(0)
    task = MultiLabelClassification("topics")
    gold = [[0, 2], None, [], [1]]
    logits = 3 * torch.randn(4, 3, dtype=torch.float64)
    slow = 0.0
    for row, labels in enumerate(gold):
        for label in range(3):
            p = 1 / (1 + math.exp(-float(logits[row, label])))
            if labels is not None:
                slow -= math.log(p) if label in labels else math.log(1 - p)
    loss = task.head(4, vocab).loss(logits, task.collate(gold, [1] * 4))
    assert float(loss) == pytest.approx(slow, rel=1e-12)


def test_loss_of_extreme_scores_is_finite(vocab):
    task = MultiLabelClassification("topics")
    logits = torch.tensor([[500.0, -500.0, 0.0]])
    head = task.head(4, vocab)
    assert float(head.loss(logits, task.collate([[0]], [1]))) == pytest.approx(math.log(2))
    assert float(head.loss(logits, task.collate([[1]], [1]))) == pytest.approx(1000 + math.log(2))


@pytest.mark.parametrize(
    ("threshold", "labels"),
    [(0.5, ("work", "family")), (0.95, ()), (0.2, ("work", "travel", "family")), (1.0, ())],
)
def test_decode_takes_what_is_above_the_threshold(instance, vocab, threshold, labels):
    logits = torch.tensor([[2.0, -1.0, 0.5]])
    head = MultiLabelClassification("topics", threshold=threshold).head(4, vocab)
    (found,) = head.decode(logits, [instance], {})
    assert found.labels == labels
    probability = dict(zip(["work", "travel", "family"], logits[0].sigmoid().tolist(), strict=True))
    assert found.scores == tuple(probability[label] for label in labels)


def test_it_learns_any_number_of_labels(instance, vocab):
    torch.manual_seed(0)
    task = MultiLabelClassification("topics")
    head = task.head(6, vocab)
    gold = [[], [0, 1, 2], [1], [0, 2]]
    states, mask = torch.randn(4, 3, 6), torch.ones(4, 3, dtype=torch.bool)
    targets = task.collate(gold, [3] * 4)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        head.loss(head(states, mask), targets).backward()
        optimizer.step()
    found = head.decode(head(states, mask), [instance] * 4, {})
    names = ["work", "travel", "family"]
    assert [annotation.labels for annotation in found] == [
        tuple(names[index] for index in labels) for labels in gold
    ]


def test_names():
    names = MultiLabelClassification("topics").metric_names()
    assert sorted(names) == ["topics/f1", "topics/precision", "topics/recall"]


def test_the_threshold_is_a_probability():
    with pytest.raises(ConfigurationError, match="threshold"):
        Task.from_params({"type": "multi_label_classification", "name": "topics", "threshold": 1.5})
