import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from causal_mtl.nn.pair_scorer import NO_PARTNER, PairScorer, PairScores, blocks, reduction, scores


def published_logits(scorer: PairScorer, sentence: Tensor) -> Tensor:
    """PMEI eq. 11 pair by pair: W relu(W_m (h_i ⊕ h_j) + b_m) + b, with the two states side by side."""
    joint = torch.cat([scorer.heads.weight, scorer.tails.weight], dim=1)
    inner = scorer.heads.bias if scorer.heads.bias is not None else 0.0
    rows = []
    for head in sentence:
        row = []
        for tail in sentence:
            hidden = torch.relu(joint @ torch.cat([head, tail]) + inner)
            row.append(scorer.output.weight @ hidden + scorer.bias)
        rows.append(torch.stack(row))
    return torch.stack(rows)


def published_loss(scorer: PairScorer, states: Tensor, lengths: list[int], gold: Tensor) -> Tensor:
    total = states.new_zeros(())
    for number, length in enumerate(lengths):
        logits = published_logits(scorer, states[number, :length])
        dense = torch.zeros_like(logits)
        for sentence, head, tail, label in gold.tolist():
            if sentence == number:
                dense[head, tail, label] = 1.0
        losses = functional.binary_cross_entropy_with_logits(logits, dense, reduction="none")
        keep = torch.ones(length, length) if scorer.diagonal else 1 - torch.eye(length)
        total = total + (losses * keep.unsqueeze(-1)).sum()
    return total


def make(seed=0, lengths=(4, 1, 3), labels=3, **options):
    torch.manual_seed(seed)
    scorer = PairScorer(5, 6, labels, **options).double()
    torch.nn.init.normal_(scorer.bias)
    states = torch.randn(len(lengths), max(lengths), 5, dtype=torch.float64, requires_grad=True)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    cells = {
        (s, int(torch.randint(n, ())), int(torch.randint(n, ())), int(torch.randint(labels, ())))
        for s, n in enumerate(lengths)
        for _ in range(3)
    }
    return scorer, states, mask, torch.tensor(sorted(cells)).reshape(-1, 4)


def gradients(loss: Tensor, scorer: PairScorer, states: Tensor) -> list[Tensor]:
    wanted = [states, *(parameter for parameter in scorer.parameters() if parameter.requires_grad)]
    return list(torch.autograd.grad(loss, wanted))


@pytest.mark.parametrize("options", [{}, {"diagonal": False}, {"inner_bias": True}, {"output_bias": False}])
@pytest.mark.parametrize("block", [1, 50, 1 << 20])
def test_loss_and_gradients_are_those_of_the_published_formula(monkeypatch, options, block):
    monkeypatch.setattr(blocks, "BLOCK_ELEMENTS", block)
    lengths = [4, 1, 3]
    scorer, states, mask, gold = make(lengths=tuple(lengths), **options)
    everyone = torch.ones(3, dtype=torch.bool)
    loss = scorer(states, mask).loss(gold, everyone)
    if not scorer.diagonal:
        gold = gold[gold[:, 1] != gold[:, 2]]
    reference = published_loss(scorer, states, lengths, gold)
    torch.testing.assert_close(loss, reference, rtol=1e-10, atol=1e-10)
    for ours, theirs in zip(
        gradients(3 * loss, scorer, states), gradients(3 * reference, scorer, states), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_blocks_over_the_whole_batch_equal_blocks_by_sentence(monkeypatch):
    """The cut that a GPU uses, on the CPU."""
    scorer, states, mask, gold = make(diagonal=False)
    everyone = torch.ones(3, dtype=torch.bool)
    by_sentence = scorer(states, mask).loss(gold, everyone)
    real = mask[:, :, None] & mask[:, None, :]

    def whole_batch(heads, lengths, width):
        for start in range(0, heads.shape[1], 3):
            stop = min(heads.shape[1], start + 3)
            yield blocks.Block(slice(None), slice(start, stop), slice(0, heads.shape[1]), real[:, start:stop])

    expected = gradients(by_sentence, scorer, states)
    for module in (reduction, scores):
        monkeypatch.setattr(module, "blocks", whole_batch)
    together = scorer(states, mask).loss(gold, everyone)
    torch.testing.assert_close(together, by_sentence, rtol=1e-10, atol=1e-10)
    for ours, theirs in zip(gradients(together, scorer, states), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_gradcheck():
    scorer, states, mask, gold = make(lengths=(3, 2), labels=2)
    everyone = torch.ones(2, dtype=torch.bool)

    def loss(states, weight, bias):
        scores = PairScores(scorer.heads(states), scorer.tails(states), weight, bias, mask, True)
        return scores.loss(gold, everyone)

    inputs = (states, scorer.output.weight, scorer.bias)
    assert torch.autograd.gradcheck(loss, inputs)


def test_a_sentence_without_annotation_adds_nothing():
    scorer, states, mask, gold = make()
    annotated = torch.tensor([True, False, True])
    gold = gold[gold[:, 0] != 1]
    loss = scorer(states, mask).loss(gold, annotated)
    (gradient,) = torch.autograd.grad(loss, states)
    assert gradient[1].abs().sum() == 0
    assert gradient[0].abs().sum() > 0


@settings(max_examples=20, deadline=None)
@given(length=st.integers(1, 6), labels=st.integers(1, 4), seed=st.integers(0, 99), with_gold=st.booleans())
def test_any_size_equals_the_reference(length, labels, seed, with_gold):
    scorer, states, mask, gold = make(seed, (length,), labels)
    gold = gold if with_gold else gold[:0]
    loss = scorer(states, mask).loss(gold, torch.ones(1, dtype=torch.bool))
    torch.testing.assert_close(loss, published_loss(scorer, states, [length], gold))


@pytest.mark.parametrize("diagonal", [True, False])
def test_scores_of_given_pairs_are_those_of_the_published_formula(diagonal):
    scorer, states, mask, _ = make(diagonal=diagonal)
    pairs = torch.tensor([[0, 1, 2], [0, 2, 2], [2, 0, 1]])
    scores = scorer(states, mask).pairs(pairs)
    for (sentence, head, tail), row in zip(pairs.tolist(), scores, strict=True):
        if head == tail and not diagonal:
            assert (row.sigmoid() == 0).all()
        else:
            torch.testing.assert_close(row, published_logits(scorer, states[sentence])[head, tail])


def published_maxima(scorer, states, lengths):
    rows = []
    for number, length in enumerate(lengths):
        logits = published_logits(scorer, states[number, :length])
        if not scorer.diagonal:
            logits = logits.masked_fill(torch.eye(length, dtype=torch.bool).unsqueeze(-1), float("-inf"))
        rows.append(logits.amax(dim=1).clamp(min=NO_PARTNER))
    return rows


@pytest.mark.parametrize("diagonal", [True, False])
@pytest.mark.parametrize("block", [1, 50, 1 << 20])
@pytest.mark.parametrize("annotated", [[True, True, True], [True, False, True]])
def test_maxima_and_loss_from_one_pass(monkeypatch, diagonal, block, annotated):
    monkeypatch.setattr(blocks, "BLOCK_ELEMENTS", block)
    lengths = [4, 1, 3]
    scorer, states, mask, gold = make(lengths=tuple(lengths), diagonal=diagonal)
    flags = torch.tensor(annotated)
    gold = gold[flags[gold[:, 0]]]
    loss, maxima = scorer(states, mask).reduce(gold, flags)
    torch.testing.assert_close(loss, scorer(states, mask).loss(gold, flags))
    torch.testing.assert_close(maxima, scorer(states, mask).maxima())
    reference = published_maxima(scorer, states, lengths)
    expected_loss = scorer(states, mask).loss(gold, flags)
    for row, (length, wanted) in enumerate(zip(lengths, reference, strict=True)):
        torch.testing.assert_close(maxima[row, :length], wanted, rtol=1e-10, atol=1e-10)
        assert (maxima[row, length:] == NO_PARTNER).all()
    weights = [torch.randn_like(wanted) for wanted in reference]
    weighted = sum((maxima[row, : len(w)] * w).sum() for row, w in enumerate(weights))
    wanted = sum((r * w).sum() for r, w in zip(reference, weights, strict=True))
    for ours, theirs in zip(
        gradients(weighted + 2 * loss, scorer, states),
        gradients(wanted + 2 * expected_loss, scorer, states),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_no_gradient_is_made_where_none_is_wanted():
    scorer, states, mask, gold = make()
    with torch.no_grad():
        loss = scorer(states, mask).loss(gold, torch.ones(3, dtype=torch.bool))
    assert not loss.requires_grad


def test_bf16_is_within_rounding():
    scorer, states, mask, gold = make(lengths=(6, 5))
    everyone = torch.ones(2, dtype=torch.bool)
    exact = scorer(states, mask).loss(gold, everyone)
    scorer = scorer.float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = scorer(states.float(), mask).loss(gold, everyone)
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded.double(), exact, rtol=2e-2, atol=1e-1)
    rounded.backward()
    assert scorer.output.weight.grad is not None


@pytest.mark.parametrize("diagonal", [True, False])
@pytest.mark.parametrize("block", [1, 50, 1 << 20])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_cells_above_a_threshold(monkeypatch, diagonal, block, threshold):
    monkeypatch.setattr(blocks, "BLOCK_ELEMENTS", block)
    lengths = [4, 1, 3]
    scorer, states, mask, _ = make(lengths=tuple(lengths), diagonal=diagonal)
    cells, scores = scorer(states, mask).cells(threshold)
    expected = {}
    for sentence, length in enumerate(lengths):
        probabilities = published_logits(scorer, states[sentence, :length]).sigmoid()
        for head, tail, label in (probabilities > threshold).nonzero().tolist():
            if diagonal or head != tail:
                expected[sentence, head, tail, label] = float(probabilities[head, tail, label].detach())
    found = dict(zip(map(tuple, cells.tolist()), scores.tolist(), strict=True))
    assert found.keys() == expected.keys()
    for cell, score in found.items():
        assert score == pytest.approx(expected[cell])
