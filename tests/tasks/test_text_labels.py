"""What both kinds of tasks that label whole texts do alike."""

import math
from collections import defaultdict

import pytest
import torch

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import LabelAnnotation, SpanAnnotation
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.tasks import MultiLabelClassification, SingleLabelClassification, Task

LABELS = ["work", "travel", "family"]
MASK = torch.arange(5) < torch.tensor([5, 1, 3]).unsqueeze(1)
KINDS = [MultiLabelClassification, SingleLabelClassification]
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def vocab():
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(LABELS, "topics_labels")
    return vocab


@each_kind
def test_targets_are_indices(kind, instance, vocab):
    task = kind("topics")
    assert task.targets(instance, vocab) is None
    instance.annotations["topics"] = LabelAnnotation(("travel",))
    assert task.targets(instance, vocab) == [1]
    instance.annotations["topics"] = SpanAnnotation()
    assert task.targets(instance, vocab) is None


@each_kind
def test_labels_that_training_lacks_leave_the_targets(kind, instance, vocab):
    instance.annotations["topics"] = LabelAnnotation(("sports",))
    assert kind("topics").targets(instance, vocab) == []


@each_kind
def test_labels_are_counted_in_the_tasks_own_namespace(kind, instance):
    instance.annotations["topics"] = LabelAnnotation(("work", "work"))
    counter = defaultdict(lambda: defaultdict(int))
    kind("topics").count_vocab_items(instance, counter)
    assert counter == {"topics_labels": {"work": 1}}


@each_kind
def test_collate(kind):
    targets = kind("topics").collate([[1], None, [], [0, 2]], [5, 1, 3, 2])
    assert targets["cells"].tolist() == [[0, 1], [3, 0], [3, 2]]
    assert targets["annotated"].tolist() == [True, False, True, True]
    assert kind("topics").collate([None], [1])["cells"].shape == (0, 2)


@each_kind
def test_logits_against_loops(kind, vocab):
    """W max_i h_i + b (eq. 16 with the argument of eq. 17 and 19)."""
    torch.manual_seed(0)
    head = kind("topics").head(4, vocab).double()
    states = torch.randn(3, 5, 4, dtype=torch.float64) - 3.0
    output = head(states, MASK)
    weight, bias = head.layer.weight.tolist(), head.layer.bias.tolist()
    for row, length in enumerate([5, 1, 3]):
        pooled = [max(float(states[row, i, d]) for i in range(length)) for d in range(4)]
        for label in range(3):
            slow = sum(weight[label][d] * pooled[d] for d in range(4)) + bias[label]
            assert float(output[row, label].detach()) == pytest.approx(slow, abs=1e-12)


@each_kind
def test_padding_changes_nothing(kind, vocab):
    head = kind("topics").head(4, vocab)
    states = torch.randn(3, 5, 4)
    noisy = states.masked_fill(~MASK.unsqueeze(-1), 99.0)
    assert torch.equal(head(noisy, MASK), head(states, MASK))


@each_kind
def test_gradient_against_finite_differences(kind, vocab):
    torch.manual_seed(0)
    task = kind("topics")
    head = task.head(4, vocab).double()
    targets = task.collate([[1], None, [2]], [5, 1, 3])
    states = torch.randn(3, 5, 4, dtype=torch.float64, requires_grad=True)

    def loss(states, *_):
        return head.loss(head(states, MASK), targets)

    assert torch.autograd.gradcheck(loss, (states, *head.parameters()))
    (gradient,) = torch.autograd.grad(loss(states), states)
    assert (gradient[1] == 0).all()  # not annotated


@each_kind
def test_view_and_labels_stand_at_the_level_of_the_text(kind, vocab):
    task = kind("topics")
    head = task.head(4, vocab)
    output = head(torch.randn(3, 5, 4), MASK)
    assert head.label_logits(output).shape == (3, 1, 3)
    assert torch.equal(head.label_logits(output)[:, 0], output)
    labels = head.labels(task.collate([[1], None, []], [5, 1, 3]), MASK)
    assert labels.tolist() == [[[0, 1, 0]], [[0, 0, 0]], [[0, 0, 0]]]
    assert task.num_labels(vocab) == 3


@each_kind
def test_scores_are_in_single_precision_at_least(kind, vocab):
    head = kind("topics").head(4, vocab).to(torch.bfloat16)
    output = head(torch.randn(3, 5, 4, dtype=torch.bfloat16), MASK)
    assert output.dtype == torch.float32


@each_kind
def test_a_start_at_the_prior_predicts_the_prior(kind, vocab):
    head = kind("topics").head(4, vocab)
    head.layer.weight.data.zero_()
    head.initialize(iter([[0], [0], None, [1], []]), [1] * 5)
    first, second, third = head.layer.bias.tolist()
    if kind is SingleLabelClassification:
        assert [first, second, third] == pytest.approx([math.log(3 / 6), math.log(2 / 6), math.log(1 / 6)])
    else:  # of four annotated texts, with one more that has the label and one that has not
        assert [first, second, third] == pytest.approx([0.0, math.log(2 / 4), math.log(1 / 5)])


@each_kind
def test_no_labels_at_all(kind):
    with pytest.raises(ConfigurationError, match="'topics' has no labels"):
        kind("topics").head(4, Vocabulary.empty())


@pytest.mark.parametrize("kind", KINDS)
def test_registered(kind):
    name = {
        MultiLabelClassification: "multi_label_classification",
        SingleLabelClassification: "single_label_classification",
    }[kind]
    task = Task.from_params({"type": name, "name": "topics", "weight": 2.0})
    assert type(task) is kind
    assert (task.name, task.weight, task.yields) == ("topics", 2.0, "labels")
