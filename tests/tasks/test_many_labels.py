import pytest
import torch

from causal_mtl.common import ConfigurationError
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.tasks import MultiLabelClassification, RelationExtraction, SpanClassification

LABELS = ["common", "rare", "unseen"]
each_kind = pytest.mark.parametrize(
    "kind", [MultiLabelClassification, RelationExtraction, SpanClassification]
)


@pytest.fixture
def vocab():
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(LABELS, "task_labels")
    return vocab


@each_kind
def test_a_label_has_its_own_threshold_or_the_common_one(kind):
    task = kind("task", threshold=0.25, label_thresholds={"rare": 0.125})
    assert task.thresholds(LABELS).tolist() == [0.25, 0.125, 0.25]


@each_kind
def test_a_threshold_of_an_unknown_label_is_an_error(kind, vocab):
    task = kind("task", label_thresholds={"rare": 0.1, "rear": 0.2})
    with pytest.raises(ConfigurationError, match=r"'task' has thresholds .* not have: rear"):
        task.head(4, vocab)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
@each_kind
def test_gold_of_rare_labels_weighs_more(kind, vocab, power):
    """Seen 8, 2 and 0 times, which counts as once."""
    found = kind("task", rare_label_power=power).gold_weights(torch.tensor([8.0, 2.0, 0.0]))
    assert found[1] / found[0] == pytest.approx(4**power)
    assert found[2] / found[1] == pytest.approx(2**power)
    mean_over_gold = (8 * found[0] + 2 * found[1] + 1 * found[2]) / 11
    assert mean_over_gold == pytest.approx(1.0)


@each_kind
def test_all_count_once_by_default(kind, vocab):
    head = kind("task").head(4, vocab)
    head.prepare([])
    assert head.gold_weights is None


@pytest.mark.parametrize("kind", [RelationExtraction, SpanClassification])
def test_the_loss_of_pairs_weighs_gold(kind, vocab):
    torch.manual_seed(0)
    cells = [(0, 1, 0), (0, 2, 0), (1, 1, 0), (1, 2, 1)]
    task = kind("task", rare_label_power=1.0)
    head = task.head(4, vocab)
    states, mask = torch.randn(1, 3, 4), torch.ones(1, 3, dtype=torch.bool)
    targets = task.collate([cells], [3])
    plain = head.loss(head(states, mask), targets)
    head.prepare([cells])
    weighted, _ = head.loss_and_label_logits(head(states, mask), targets)
    found, scores = head(states, mask).cells(0.0)
    by_cell = dict(zip([tuple(cell[1:]) for cell in found.tolist()], scores, strict=True))
    weights = [5 / 3 / 3, 5 / 3, 5 / 3]
    extra = sum((1 - weights[cell[2]]) * by_cell[cell].log() for cell in cells)
    torch.testing.assert_close(weighted, plain + extra)


def test_the_loss_of_texts_weighs_gold(vocab):
    task = MultiLabelClassification("task", rare_label_power=1.0)
    head = task.head(4, vocab)
    gold = [[0], [0, 1], [0], None]
    logits = torch.tensor([[0.5, -1.0, 0.0], [2.0, 1.0, -3.0], [0.1, 0.2, 0.3], [9.0, 9.0, 9.0]])
    targets = task.collate(gold, [1] * 4)
    plain = head.loss(logits, targets)
    head.prepare(gold)
    weights = [5 / 3 / 3, 5 / 3, 5 / 3]
    cells = [(0, 0), (1, 0), (1, 1), (2, 0)]
    extra = sum((1 - weights[label]) * logits[row, label].sigmoid().log() for row, label in cells)
    torch.testing.assert_close(head.loss(logits, targets), plain + extra)


def test_weights_are_not_archived(vocab):
    head = RelationExtraction("task", rare_label_power=1.0).head(4, vocab)
    head.prepare([[(0, 1, 1)]])
    assert head.gold_weights.tolist() == [1.0, 1.0, 1.0]
    assert not {"gold_weights", "thresholds"} & head.state_dict().keys()
