import pytest
import torch

from causal_mtl.data.instance import Instance, RelationAnnotation, Span, SpanAnnotation, Token
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.nn.pair_scorer import NO_PARTNER
from causal_mtl.tasks import RelationExtraction, SpanClassification, Task

# Bank of England governor: an office in which an organisation and a place nest; one mention has two labels.
OFFICE, BANK, ALSO, PLACE = Span(0, 4, "office"), Span(0, 3, "org"), Span(0, 3, "place"), Span(2, 3, "place")
SPANS = (OFFICE, BANK, ALSO, PLACE)


@pytest.fixture
def instance():
    words = ["Bank", "of", "England", "governor"]
    starts = [0, 5, 8, 16]
    tokens = [Token(word, start, start + len(word)) for word, start in zip(words, starts, strict=True)]
    return Instance(" ".join(words), tokens, {"entities": SpanAnnotation(SPANS)})


@pytest.fixture
def vocab():
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(["office", "org", "place"], "entities_labels")
    return vocab


def test_targets_are_first_and_last_words(instance, vocab):
    task = SpanClassification("entities")
    assert task.targets(instance, vocab) == [(0, 2, 1), (0, 2, 2), (0, 3, 0), (2, 2, 2)]
    instance.annotations["entities"] = SpanAnnotation((OFFICE, OFFICE, Span(1, 2, "other")))
    assert task.targets(instance, vocab) == [(0, 3, 0)]
    del instance.annotations["entities"]
    assert task.targets(instance, vocab) is None


def test_nested_mentions_and_several_labels_are_found(instance, learned):
    head, output = learned(SpanClassification("entities", hidden_size=16), instance, steps=300)
    (found,) = head.decode(output, [instance], {})
    assert sorted(found.spans) == sorted(SPANS)
    assert all(0.5 < span.score <= 1 for span in found.spans)


@pytest.mark.parametrize(
    ("overlaps", "kept"),
    [
        ("any", ["a", "b", "c", "d", "e"]),
        ("nested", ["a", "c", "d", "e"]),  # b crosses a, which has the higher score
        ("flat", ["a", "e"]),
    ],
)
def test_of_spans_that_may_not_be_found_together_the_best_is_kept(vocab, overlaps, kept):
    head = SpanClassification("entities", overlaps=overlaps).head(4, vocab)
    spans = [
        Span(0, 3, "a", 0.9),
        Span(2, 5, "b", 0.8),
        Span(0, 3, "c", 0.7),
        Span(1, 2, "d", 0.6),
        Span(5, 6, "e", 0.55),
    ]
    assert sorted(span.label for span in head._allowed(spans)) == kept


def test_a_token_sees_the_best_span_that_covers_it(instance, vocab):
    task = SpanClassification("entities")
    head = task.head(5, vocab)
    lengths = [4, 2]
    mask = torch.arange(4) < torch.tensor(lengths).unsqueeze(1)
    output = head(torch.randn(2, 4, 5), mask)
    seen = head.label_logits(output).detach()
    cells, scores = output.cells(0.0)
    for row, length in enumerate(lengths):
        for token in range(4):
            for label in range(3):
                around = [
                    score
                    for (s, first, last, name), score in zip(cells.tolist(), scores.tolist(), strict=True)
                    if (s, name) == (row, label) and first <= token <= last
                ]
                if token < length:
                    assert float(seen[row, token, label].sigmoid()) == pytest.approx(max(around), rel=1e-5)
                else:
                    assert seen[row, token, label] == NO_PARTNER


def test_gold_labels_stand_at_all_words_of_a_span(instance, vocab):
    task = SpanClassification("entities")
    head = task.head(5, vocab)
    targets = task.collate([None, task.targets(instance, vocab)], [2, 4])
    labels = head.labels(targets, torch.ones(2, 4, dtype=torch.bool))
    assert labels[0].sum() == 0
    assert labels[1].tolist() == [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 0, 0]]
    assert not head.exclusive


def test_bias_starts_at_the_log_odds_among_all_spans(instance, vocab):
    task = SpanClassification("entities")
    head = task.head(5, vocab)
    head.initialize([task.targets(instance, vocab), None], [4, 50])
    torch.testing.assert_close(head.scorer.bias.sigmoid(), torch.tensor([2 / 12, 2 / 12, 3 / 12]))


def test_it_can_be_the_mentions_of_a_relation_task(instance, vocab):
    """Of nested mentions with the same anchor each is in the relation."""
    vocab.add_token_to_namespace("part of", "relations_labels")
    task = RelationExtraction("relations", anchor="first")
    head = task.head(4, vocab)
    head.scorer.output.weight.data.zero_()
    head.scorer.bias.data.fill_(5.0)
    output = head(torch.randn(1, 4, 4), torch.ones(1, 4, dtype=torch.bool))
    (found,) = head.decode(output, [instance], {"entities": [SpanAnnotation((OFFICE, BANK))]})
    assert isinstance(found, RelationAnnotation)
    assert {(r.head, r.tail) for r in found.relations} == {
        (a, b) for a in (OFFICE, BANK) for b in (OFFICE, BANK)
    }


def test_from_config():
    task = Task.from_params({"type": "span_classification", "name": "entities", "overlaps": "flat"})
    assert task == SpanClassification("entities", overlaps="flat")
