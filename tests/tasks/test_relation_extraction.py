import pytest
import torch

from causal_mtl.data.instance import Relation, RelationAnnotation, Span, SpanAnnotation
from causal_mtl.tasks import RelationExtraction


@pytest.mark.parametrize(
    ("anchor", "cells"), [("first", [(0, 4, 0), (4, 6, 1)]), ("last", [(1, 4, 0), (4, 6, 1)])]
)
def test_targets_hang_on_the_anchor(instance, vocab, anchor, cells):
    assert RelationExtraction("relations", anchor=anchor).targets(instance, vocab) == cells


def test_collate_keeps_gold_sparse(instance, vocab):
    task = RelationExtraction("relations")
    targets = task.collate([None, task.targets(instance, vocab), []], [3, 7, 2])
    assert targets["cells"].tolist() == [[1, 0, 4, 0], [1, 4, 6, 1]]
    assert targets["annotated"].tolist() == [False, True, True]
    assert task.collate([None, []], [1, 1])["cells"].shape == (0, 4)


def test_unknown_labels_leave_the_targets(instance, vocab):
    head, tail = Span(0, 2, "person"), Span(4, 5, "company")
    instance.annotations["relations"] = RelationAnnotation((Relation(head, "enemy", tail),))
    assert RelationExtraction("relations").targets(instance, vocab) == []


@pytest.mark.parametrize("anchor", ["first", "last"])
def test_a_scorer_that_learned_the_gold_cells_decodes_to_the_gold_relations(instance, vocab, anchor):
    torch.manual_seed(0)
    task = RelationExtraction("relations", anchor=anchor)
    head = task.head(7, vocab)
    states, mask = torch.eye(7).unsqueeze(0), torch.ones(1, 7, dtype=torch.bool)
    targets = task.collate([task.targets(instance, vocab)], [7])
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        head.loss(head(states, mask), targets).backward()
        optimizer.step()
    gold = instance.annotations
    (found,) = head.decode(head(states, mask), [instance], {"entities": [gold["entities"]]})
    assert sorted(found.relations) == sorted(gold["relations"].relations)
    for relation in found.relations:
        assert 0.5 < relation.score <= 1

    only_two = SpanAnnotation(gold["entities"].spans[:2])
    (found,) = head.decode(head(states, mask), [instance], {"entities": [only_two]})
    assert [relation.label for relation in found.relations] == ["employer"]
    (nothing,) = head.decode(head(states, mask), [instance], {"entities": [None]})
    assert nothing == RelationAnnotation()


def test_threshold(instance, vocab):
    states, mask = torch.randn(1, 7, 4), torch.ones(1, 7, dtype=torch.bool)
    mentions = {"entities": [instance.annotations["entities"]]}

    def count(threshold):
        torch.manual_seed(0)
        head = RelationExtraction("relations", threshold=threshold).head(4, vocab)
        return len(head.decode(head(states, mask), [instance], mentions)[0].relations)

    assert count(0.0) == 3 * 3 * 2
    assert count(1.0) == 0


def test_bias_starts_at_the_log_odds(instance, vocab):
    task = RelationExtraction("relations")
    head = task.head(4, vocab)
    head.initialize([task.targets(instance, vocab), None], [7, 100])
    torch.testing.assert_close(head.scorer.bias.sigmoid(), torch.full((2,), 2 / (49 + 2)))


def test_a_bias_that_is_not_learned_stays_zero(instance, vocab):
    task = RelationExtraction("relations", output_bias=False, inner_bias=True, diagonal=False)
    head = task.head(4, vocab)
    head.initialize([task.targets(instance, vocab)], [7])
    assert head.scorer.bias.tolist() == [0, 0]
    assert not head.scorer.bias.requires_grad
    assert head.scorer.heads.bias is not None
    states, mask = torch.randn(1, 7, 4), torch.ones(1, 7, dtype=torch.bool)
    assert head(states, mask).pairs(torch.tensor([[0, 2, 2]])).sigmoid().sum() == 0


def test_names_carry_the_mode():
    task = RelationExtraction("relations", metrics=("exact", "last_token"))
    assert "relations/exact_f1" in task.metric_names()
    assert "relations/last_token_recall" in task.metric_names()
    assert len(task.metric_names()) == 6
