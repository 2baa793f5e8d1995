"""Likelihoods and averages of all kinds of heads."""

import pytest
import torch

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import LabelAnnotation
from causal_mtl.nn.labels import probabilities
from causal_mtl.tasks import (
    Head,
    MultiLabelClassification,
    RelationExtraction,
    SequenceTagging,
    SingleLabelClassification,
    SpanClassification,
)

TASKS = {
    "tags": SequenceTagging("entities"),
    "spans": SpanClassification("entities"),
    "relations": RelationExtraction("relations"),
    "both views": RelationExtraction("relations", view="both", diagonal=False),
    "one label": SingleLabelClassification("topic"),
    "labels": MultiLabelClassification("topics"),
}
SENTENCES, WIDTH = 3, 5


@pytest.fixture(params=TASKS)
def case(request, instance, vocab):
    """See `made`."""
    return made(request.param, instance, vocab)


def made(kind, instance, vocab):
    """A head in double precision, outputs for three sentences of which the last is shorter, and targets."""
    vocab.add_tokens_to_namespace(["work", "travel", "family"], "topics_labels")
    vocab.add_tokens_to_namespace(["red", "green"], "topic_labels")
    instance.annotations |= {
        "topics": LabelAnnotation(("work", "family")),
        "topic": LabelAnnotation(("green",)),
    }
    task = TASKS[kind]
    torch.manual_seed(1)
    head = task.head(WIDTH, vocab).double()
    length = len(instance)
    mask = torch.ones(SENTENCES, length, dtype=torch.bool)
    mask[2, length - 2 :] = False
    outputs = [head(4 * torch.randn(SENTENCES, length, WIDTH, dtype=torch.float64), mask) for _ in range(3)]
    known = task.targets(instance, vocab)
    targets = task.collate([known, None, known[: length - 2] if kind == "tags" else None], [length] * 3)
    weights = torch.rand(3, SENTENCES, dtype=torch.float64)
    return head, outputs, targets, weights / weights.sum(0), [instance] * SENTENCES


def test_the_loss_is_the_sum_of_likelihoods(case):
    head, outputs, targets, *_ = case
    for output in outputs:
        found = head.log_likelihood(output, targets)
        assert found.shape == (SENTENCES,)
        assert float(found[1]) == 0.0  # not annotated
        torch.testing.assert_close(-found.sum(), head.loss(output, targets))


@pytest.mark.parametrize("kind", TASKS)
def test_likelihoods_of_single_sentences(kind, instance, vocab):
    """That of a sentence is its part of the loss: the loss where the others are not annotated."""
    head, outputs, targets, _, _ = made(kind, instance, vocab)
    alone = TASKS[kind].collate([TASKS[kind].targets(instance, vocab), None, None], [len(instance)] * 3)
    found = head.log_likelihood(outputs[0], targets)
    torch.testing.assert_close(-found[0], head.loss(outputs[0], alone))


def test_likelihoods_have_the_gradient_of_the_loss(case):
    head, outputs, targets, *_ = case
    parameters = list(head.parameters())
    both = [-head.log_likelihood(outputs[0], targets).sum(), head.loss(outputs[0], targets)]
    found, wanted = (torch.autograd.grad(loss, parameters, retain_graph=True) for loss in both)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)


def test_label_logits_of_an_average_of_one_output(case):
    head, outputs, targets, weights, _ = case
    one = head.average(outputs[:1], torch.ones_like(weights[:1]))
    p, wanted = (probabilities(head.label_logits(output), head.exclusive) for output in (one, outputs[0]))
    torch.testing.assert_close(p, wanted)
    torch.testing.assert_close(head.loss(one, targets), head.loss(outputs[0], targets))


def test_the_average_of_equal_outputs_is_that_output(case):
    head, outputs, targets, weights, _ = case
    mean = head.average([outputs[0]] * 3, weights)
    torch.testing.assert_close(head.log_likelihood(mean, targets), head.log_likelihood(outputs[0], targets))
    p, wanted = (probabilities(head.label_logits(output), head.exclusive) for output in (mean, outputs[0]))
    torch.testing.assert_close(p, wanted)


def test_all_methods_work_on_an_average(case):
    head, outputs, targets, weights, instances = case
    mean = head.average(outputs, weights)
    loss, logits = head.loss_and_label_logits(mean, targets)
    torch.testing.assert_close(loss, head.loss(mean, targets))
    torch.testing.assert_close(-head.log_likelihood(mean, targets).sum(), loss)
    torch.testing.assert_close(logits, head.label_logits(mean))
    mentions = {"entities": [instance.annotations["entities"] for instance in instances]}
    assert len(head.decode(mean, instances, mentions)) == SENTENCES


@pytest.mark.parametrize("case", ["tags", "one label", "labels"], indirect=True)
def test_probabilities_are_averaged_and_not_logits(case):
    """Those of pairs: see test_mixture."""
    head, outputs, _, weights, _ = case
    mean = probabilities(head.label_logits(head.average(outputs, weights)), head.exclusive)
    wanted = sum(
        weight[:, None, None] * probabilities(head.label_logits(output), head.exclusive)
        for weight, output in zip(weights, outputs, strict=True)
    )
    torch.testing.assert_close(mean, wanted)


def test_a_weight_of_zero_leaves_an_output_out(case):
    head, outputs, targets, *_ = case
    weights = torch.tensor([[1.0], [0.0], [0.0]], dtype=torch.float64).expand(3, SENTENCES)
    mean = head.average(outputs, weights)
    torch.testing.assert_close(head.log_likelihood(mean, targets), head.log_likelihood(outputs[0], targets))


def test_a_head_that_does_not_say_cannot():
    class Other(Head):
        forward = loss = label_logits = labels = decode = None

    with pytest.raises(ConfigurationError, match="Other cannot average its outputs: define average"):
        Other().average([], torch.ones(0, 1))
    with pytest.raises(ConfigurationError, match="Other has no likelihood: define log_likelihood"):
        Other().log_likelihood(None, {})
