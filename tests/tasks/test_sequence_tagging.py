from collections import defaultdict

import pytest
import torch

from causal_mtl.data.instance import Span, SpanAnnotation
from causal_mtl.tasks import SequenceTagging
from causal_mtl.tasks.sequence_tagging import IGNORE, TagScores

MASK = torch.ones(1, 7, dtype=torch.bool)


@pytest.mark.parametrize("scheme", ["BIO", "BIOUL", "BIOES"])
@pytest.mark.parametrize("decoding", ["argmax", "viterbi"])
def test_gold_tags_decode_to_the_gold_spans(instance, vocab, scheme, decoding):
    task = SequenceTagging("entities", scheme=scheme, decoding=decoding)
    target = task.targets(instance, vocab)
    logits = torch.nn.functional.one_hot(torch.tensor([target]), len(task.tags(vocab))) * 50.0
    (annotation,) = task.head(4, vocab).decode(TagScores(logits, MASK), [instance], {})
    assert annotation.spans == instance.annotations["entities"].spans
    assert all(span.score == pytest.approx(1.0) for span in annotation.spans)


def test_a_score_is_the_product_of_the_probabilities_of_the_tags(instance, vocab):
    task = SequenceTagging("entities")
    tags = task.tags(vocab)
    logits = torch.zeros(1, 7, len(tags))
    logits[0, :, 0] = 9.0
    logits[0, 0, tags.index("B-person")] = 11.0
    logits[0, 1, tags.index("E-person")] = 10.0
    (annotation,) = task.head(4, vocab).decode(TagScores(logits, MASK), [instance], {})
    probabilities = logits[0].softmax(-1).amax(-1)
    assert annotation.spans == (Span(0, 2, "person"),)
    assert annotation.spans[0].score == pytest.approx(float(probabilities[0] * probabilities[1]))


def test_viterbi_yields_well_formed_spans_where_argmax_mends(instance, vocab):
    tags = SequenceTagging("entities").tags(vocab)
    logits = torch.zeros(1, 7, len(tags))
    logits[0, :, 0] = 5.0
    logits[0, 0, tags.index("B-person")] = 6.0
    logits[0, 1, tags.index("E-person")] = 4.9  # a little less likely than "O"
    (best,) = (
        SequenceTagging("entities", decoding="viterbi")
        .head(4, vocab)
        .decode(TagScores(logits, MASK), [instance], {})
    )
    assert best.spans == (Span(0, 2, "person"),)


def test_loss_is_summed_over_real_tokens_of_annotated_sentences(instance, vocab):
    task = SequenceTagging("entities")
    target = task.targets(instance, vocab)
    targets = task.collate([target, None], [7, 3])
    assert (targets["tags"][1] == IGNORE).all()
    logits = torch.randn(2, 7, len(task.tags(vocab)), dtype=torch.float64)
    loss = task.head(4, vocab).loss(TagScores(logits, MASK), targets)
    slow = -sum(logits[0, i].log_softmax(0)[tag] for i, tag in enumerate(target))
    torch.testing.assert_close(loss.double(), slow, rtol=1e-5, atol=1e-5)


def test_overlaps_and_unknown_labels_leave_the_targets_but_do_not_fail(instance, vocab):
    instance.annotations["entities"] = SpanAnnotation(
        (Span(0, 3, "person"), Span(1, 2, "person"), Span(4, 5, "alien"))
    )
    task = SequenceTagging("entities")
    tags = [task.tags(vocab)[index] for index in task.targets(instance, vocab)]
    assert tags == ["B-person", "I-person", "E-person", "O", "O", "O", "O"]


def test_labels_are_counted_in_the_tasks_own_namespace(instance):
    counter = defaultdict(lambda: defaultdict(int))
    SequenceTagging("entities").count_vocab_items(instance, counter)
    assert counter == {"entities_labels": {"person": 1, "company": 1, "place": 1}}


def test_bias_starts_at_the_log_prior(instance, vocab):
    task = SequenceTagging("entities")
    head = task.head(4, vocab)
    head.initialize([task.targets(instance, vocab), None], [7, 5])
    counts = {"O": 3 + 1, "B-person": 2, "E-person": 2, "S-company": 2, "S-place": 2}
    total = 7 + len(task.tags(vocab))
    expected = torch.tensor([counts.get(tag, 1) / total for tag in task.tags(vocab)]).log()
    torch.testing.assert_close(head.layer.bias.data, expected)


def test_names():
    task = SequenceTagging("terms")
    assert sorted(task.metric_names()) == ["terms/f1", "terms/precision", "terms/recall"]


def test_other_tasks_see_the_logits_and_the_tags(instance, vocab):
    task = SequenceTagging("entities")
    target = task.targets(instance, vocab)
    targets = task.collate([target[:5], None], [5, 7])
    head = task.head(4, vocab)
    states, mask = torch.randn(2, 7, 4), torch.ones(2, 7, dtype=torch.bool)
    output = head(states, mask)
    loss, view = head.loss_and_label_logits(output, targets)
    assert torch.equal(view, head.label_logits(output))
    assert torch.equal(loss, head.loss(output, targets))
    torch.testing.assert_close(view[1, 3], head.layer.weight @ states[1, 3] + head.layer.bias)

    labels = head.labels(targets, mask)
    assert labels.shape == (*view.shape[:2], task.num_labels(vocab))
    for token, tag in enumerate(target[:5]):
        assert labels[0, token].tolist() == [float(number == tag) for number in range(len(task.tags(vocab)))]
    assert not labels[0, 5:].any()  # padding
    assert not labels[1].any()  # no annotation
    assert head.exclusive


def test_loss_keeps_the_precision_of_double_logits_and_lifts_half(instance, vocab):
    task = SequenceTagging("entities")
    targets = task.collate([task.targets(instance, vocab)], [7])
    logits = torch.randn(1, 7, len(task.tags(vocab)), dtype=torch.float64)
    head = task.head(4, vocab)
    assert head.loss(TagScores(logits, MASK), targets).dtype == torch.float64
    assert head.loss(TagScores(logits.bfloat16(), MASK), targets).dtype == torch.float32
