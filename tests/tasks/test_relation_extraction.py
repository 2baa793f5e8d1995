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
def test_a_scorer_that_learned_the_gold_cells_decodes_to_the_gold_relations(instance, learned, anchor):
    head, output = learned(RelationExtraction("relations", anchor=anchor), instance)
    gold = instance.annotations
    (found,) = head.decode(output, [instance], {"entities": [gold["entities"]]})
    assert sorted(found.relations) == sorted(gold["relations"].relations)
    for relation in found.relations:
        assert 0.5 < relation.score <= 1

    only_two = SpanAnnotation(gold["entities"].spans[:2])
    (found,) = head.decode(output, [instance], {"entities": [only_two]})
    assert [relation.label for relation in found.relations] == ["employer"]
    (nothing,) = head.decode(output, [instance], {"entities": [None]})
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


def test_cells_that_are_not_scored_do_not_count_for_the_prior(vocab):
    """Without the diagonal: 3 of the 4 relations of a word to itself are in sentences of one word."""
    task = RelationExtraction("relations", diagonal=False, rare_label_power=1.0)
    head = task.head(4, vocab)
    targets = [[(0, 0, 0)], [(0, 0, 0)], [(0, 0, 0)], [(0, 0, 0), (0, 1, 0), (0, 2, 1), (2, 1, 0)]]
    head.initialize(targets, [1, 1, 1, 7])
    torch.testing.assert_close(head.scorer.bias.sigmoid(), torch.tensor([3 / 44, 2 / 44]))
    head.prepare(targets)
    torch.testing.assert_close(head.gold_weights, task.gold_weights(torch.tensor([2.0, 1.0])))
    head.initialize(targets[:3], [1, 1, 1])
    assert head.scorer.bias.tolist() == [0, 0]  # no pairs: even odds


def test_a_bias_that_is_not_learned_stays_zero(instance, vocab):
    task = RelationExtraction("relations", output_bias=False, inner_bias=True, diagonal=False)
    head = task.head(4, vocab)
    head.initialize([task.targets(instance, vocab)], [7])
    assert head.scorer.bias.tolist() == [0, 0]
    assert not head.scorer.bias.requires_grad
    assert head.scorer.heads.bias is not None
    states, mask = torch.randn(1, 7, 4), torch.ones(1, 7, dtype=torch.bool)
    assert len(head(states, mask).cells(0.0, torch.tensor([[0, 2, 2]]))[0]) == 0


def test_names_carry_the_mode():
    task = RelationExtraction("relations", metrics=("exact", "last_token"))
    assert "relations/exact_f1" in task.metric_names()
    assert "relations/last_token_recall" in task.metric_names()
    assert len(task.metric_names()) == 6


LENGTHS = [7, 1, 4]
MASK = torch.arange(7) < torch.tensor(LENGTHS).unsqueeze(1)


def scored(instance, vocab, **options):
    """Some scores of three sentences, of which the second is not annotated, and all logits cell by cell."""
    torch.manual_seed(4)
    task = RelationExtraction("relations", hidden_size=6, **options)
    head = task.head(5, vocab).double()
    torch.nn.init.normal_(head.scorer.bias)
    states = torch.randn(3, 7, 5, dtype=torch.float64, requires_grad=True)
    targets = task.collate([task.targets(instance, vocab), None, []], LENGTHS)
    output = head(states, MASK)
    scorer = head.scorer
    logits = {
        (s, i, j): scorer.output(torch.relu(scorer.heads(states[s, i]) + scorer.tails(states[s, j])))
        + (scorer.bias if task.diagonal or i != j else float("-inf"))
        for s, n in enumerate(LENGTHS)
        for i in range(n)
        for j in range(n)
    }
    return task, head, output, targets, states, logits


def best_over_partners(logits, sentence, token, role):
    """The highest logit of each label over the cells in which `token` has `role` (1 head, 2 tail)."""
    return torch.stack([o for cell, o in logits.items() if cell[0] == sentence and cell[role] == token]).amax(
        0
    )


@pytest.mark.parametrize("diagonal", [True, False])
@pytest.mark.parametrize("view", ["head", "both"])
def test_other_tasks_see_the_best_partner_in_each_role(instance, vocab, view, diagonal):
    task, head, output, targets, states, logits = scored(instance, vocab, view=view, diagonal=diagonal)
    loss, seen = head.loss_and_label_logits(output, targets)
    assert seen.shape == (3, 7, task.num_labels(vocab))
    assert task.num_labels(vocab) == (4 if view == "both" else 2)
    torch.testing.assert_close(loss, head.loss(output, targets))
    torch.testing.assert_close(seen, head.label_logits(output))
    total = 0.0
    for sentence, length in enumerate(LENGTHS):
        for token in range(length):
            wanted = [best_over_partners(logits, sentence, token, role) for role in task.roles]
            wanted = torch.cat(wanted)
            if not wanted.isfinite().all():  # alone in its sentence, without the diagonal
                assert (seen[sentence, token].sigmoid() == 0).all()
                continue
            torch.testing.assert_close(seen[sentence, token], wanted)
            total = total + (wanted * (token + 1)).sum()
    assert (seen[~MASK].sigmoid() == 0).all()
    weights = MASK.unsqueeze(-1) * torch.arange(1, 8).view(1, 7, 1)
    real = seen.masked_fill(seen < -1e3, 0.0)
    inputs = [states, *head.parameters()]
    ours = torch.autograd.grad((real * weights).sum(), inputs, retain_graph=True)
    for one, other in zip(ours, torch.autograd.grad(total, inputs), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("view", ["head", "both"])
def test_labels_stand_at_both_anchors_only_if_both_roles_are_seen(instance, vocab, view):
    task, head, _, targets, _, _ = scored(instance, vocab, view=view)
    labels = head.labels(targets, MASK)
    assert labels.shape == (3, 7, task.num_labels(vocab))
    employer, location = (
        vocab.get_token_index(name, "relations_labels") for name in ("employer", "location")
    )
    wanted = {(0, 0, employer), (0, 4, location)}  # Ann Lee is head of one, Acme of the other
    if view == "both":
        wanted |= {(0, 4, 2 + employer), (0, 6, 2 + location)}
    assert {tuple(cell) for cell in labels.nonzero().tolist()} == wanted
    assert labels.amax() == 1
    assert not head.exclusive


def test_several_relations_of_one_head_are_one_k_hot_label(instance, vocab):
    task = RelationExtraction("relations")
    targets = task.collate([[(2, 0, 0), (2, 1, 0), (2, 2, 1)]], [3])
    labels = task.head(4, vocab).labels(targets, torch.ones(1, 3, dtype=torch.bool))
    assert labels.tolist() == [[[0, 0], [0, 0], [1, 1]]]


def test_without_mentions_relations_hold_between_words(instance, learned):
    task = RelationExtraction("relations", mentions=None)
    assert task.uses() == {}
    head, output = learned(task, instance)
    (found,) = head.decode(output, [instance], {})
    triples = {(r.head.start, r.label, r.tail.start) for r in found.relations}
    assert triples == {(0, "employer", 4), (4, "location", 6)}
    metric = task.metric()
    metric([found], [instance.annotations["relations"]], [instance])
    assert metric.get_metric()["partial_f1"] == 1.0  # the first words are right
    assert metric.get_metric()["exact_f1"] == 0.5  # "Ann Lee" has a second one
