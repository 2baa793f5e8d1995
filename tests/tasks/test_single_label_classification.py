import math
from collections import defaultdict

import pytest
import torch

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import LabelAnnotation
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.tasks import SingleLabelClassification


@pytest.fixture
def vocab():
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(["theft", "fraud", "arson"], "charge_labels")
    return vocab


def test_loss_against_loops(vocab):
    """−log ŷ of the gold label; a text without annotation, or with a label never seen, adds nothing."""
    torch.manual_seed(0)
    task = SingleLabelClassification("charge")
    gold = [[2], None, [], [0]]
    logits = 3 * torch.randn(4, 3, dtype=torch.float64)
    slow = 0.0
    for row, labels in enumerate(gold):
        exps = [math.exp(float(z)) for z in logits[row]]
        for label in labels or ():
            slow -= math.log(exps[label] / sum(exps))
    loss = task.head(4, vocab).loss(logits, task.collate(gold, [1] * 4))
    assert float(loss) == pytest.approx(slow, rel=1e-12)


def test_decode_takes_the_most_likely(instance, vocab):
    logits = torch.tensor([[0.0, 2.0, 1.0], [-9.0, -9.0, -8.0]])
    found = SingleLabelClassification("charge").head(4, vocab).decode(logits, [instance] * 2, {})
    assert [annotation.labels for annotation in found] == [("fraud",), ("arson",)]
    for row, annotation in zip(logits, found, strict=True):
        assert annotation.scores == pytest.approx((float(row.softmax(0).max()),))


@pytest.mark.parametrize(("labels", "shown"), [((), "none"), (("theft", "arson"), "'arson', 'theft'")])
def test_a_text_with_other_than_one_label_is_an_error(instance, vocab, labels, shown):
    instance.annotations["charge"] = LabelAnnotation(labels)
    task = SingleLabelClassification("charge")
    with pytest.raises(ConfigurationError) as error:
        task.targets(instance, vocab)
    assert "the task 'charge' needs exactly one label a text" in str(error.value)
    assert f"got {shown} for '{instance.text}'" in str(error.value)
    with pytest.raises(ConfigurationError):  # as early as the vocabulary is counted
        task.count_vocab_items(instance, defaultdict(lambda: defaultdict(int)))


def test_the_error_shows_the_beginning_of_a_long_text(instance, vocab):
    instance.text = "word " * 5000
    instance.annotations["charge"] = LabelAnnotation()
    with pytest.raises(ConfigurationError) as error:
        SingleLabelClassification("charge").targets(instance, vocab)
    assert len(str(error.value)) < 200


def test_the_same_label_twice_is_one_label(instance, vocab):
    instance.annotations["charge"] = LabelAnnotation(("arson", "arson"))
    assert SingleLabelClassification("charge").targets(instance, vocab) == [2]


def test_a_label_that_training_lacks_counts_as_missed(instance, vocab):
    task = SingleLabelClassification("charge")
    gold = LabelAnnotation(("piracy",))
    (found,) = task.head(4, vocab).decode(torch.tensor([[1.0, 0.0, 0.0]]), [instance], {})
    metric = task.metric()
    metric([found], [gold], [instance])
    assert set(metric.get_metric().values()) == {0.0}
    assert metric.per_label()["piracy"]["support"] == 1


def test_names():
    assert sorted(SingleLabelClassification("charge").metric_names()) == [
        "charge/accuracy",
        "charge/macro_f1",
        "charge/macro_precision",
        "charge/macro_recall",
    ]
