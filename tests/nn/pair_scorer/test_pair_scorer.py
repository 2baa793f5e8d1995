import subprocess
import sys
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from causal_mtl.nn.pair_scorer import NO_PARTNER, PairScorer, PairScores, blocks, reduction, scores

DOMAINS = ("all", "off_diagonal", "upper")


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


def scored(length: int, domain: str) -> Tensor:
    """The pairs of a domain, as a table."""
    pairs = [[{"all": True, "off_diagonal": i != j, "upper": i <= j}[domain] for j in range(length)]
             for i in range(length)]  # fmt: skip
    return torch.tensor(pairs)


def published_loss(scorer: PairScorer, states: Tensor, lengths: list[int], gold: Tensor) -> Tensor:
    total = states.new_zeros(())
    for number, length in enumerate(lengths):
        logits = published_logits(scorer, states[number, :length])
        dense = torch.zeros_like(logits)
        for sentence, head, tail, label in gold.tolist():
            if sentence == number:
                dense[head, tail, label] = 1.0
        losses = functional.binary_cross_entropy_with_logits(logits, dense, reduction="none")
        total = total + (losses * scored(length, scorer.domain).unsqueeze(-1)).sum()
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


@pytest.mark.parametrize(
    "options",
    [{}, {"domain": "off_diagonal"}, {"domain": "upper"}, {"inner_bias": True}, {"output_bias": False}],
)
@pytest.mark.parametrize("block", [1, 50, 1 << 20])
def test_loss_and_gradients_are_those_of_the_published_formula(monkeypatch, options, block):
    monkeypatch.setattr(blocks, "BLOCK_ELEMENTS", block)
    lengths = [4, 1, 3]
    scorer, states, mask, gold = make(lengths=tuple(lengths), **options)
    everyone = torch.ones(3, dtype=torch.bool)
    loss = scorer(states, mask).loss(gold, everyone)
    gold = gold[[bool(scored(4, scorer.domain)[head, tail]) for _, head, tail, _ in gold.tolist()]]
    reference = published_loss(scorer, states, lengths, gold)
    torch.testing.assert_close(loss, reference, rtol=1e-10, atol=1e-10)
    for ours, theirs in zip(
        gradients(3 * loss, scorer, states), gradients(3 * reference, scorer, states), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("domain", DOMAINS)
def test_blocks_over_the_whole_batch_equal_blocks_by_sentence(monkeypatch, domain):
    """The cut that a GPU uses, on the CPU."""
    scorer, states, mask, gold = make(domain=domain)
    everyone = torch.ones(3, dtype=torch.bool)
    by_sentence = scorer(states, mask).loss(gold, everyone)
    real = mask[:, :, None] & mask[:, None, :]

    def whole_batch(heads, weight, lengths, domain):
        for start in range(0, heads.shape[1], 3):
            rows = slice(start, min(heads.shape[1], start + 3))
            tails = blocks._tails(rows, heads.shape[1], domain)
            yield blocks.Block(slice(None), rows, tails, real[:, rows, tails])

    expected = gradients(by_sentence, scorer, states)
    cells = scorer(states, mask).cells(0.3)[0].tolist()
    covering = scorer(states, mask).covering_maxima() if domain == "upper" else None
    for module in (reduction, scores):
        monkeypatch.setattr(module, "blocks", whole_batch)
    assert sorted(scorer(states, mask).cells(0.3)[0].tolist()) == sorted(cells)
    if covering is not None:
        torch.testing.assert_close(scorer(states, mask).covering_maxima(), covering)
    together = scorer(states, mask).loss(gold, everyone)
    torch.testing.assert_close(together, by_sentence, rtol=1e-10, atol=1e-10)
    for ours, theirs in zip(gradients(together, scorer, states), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("domain", DOMAINS)
def test_sentences_of_one_length_in_one_block_equal_sentences_alone(domain):
    lengths = (4, 4, 3, 4, 4, 4, 1, 1)
    scorer, states, mask, gold = make(lengths=lengths, domain=domain)
    found = list(blocks.blocks(states, scorer.output.weight, list(lengths), domain))
    assert [(block.sentences.start, block.sentences.stop) for block in found] == [
        (0, 2),
        (2, 3),
        (3, 6),
        (6, 8),
    ]
    loss, maxima = scorer(states, mask).reduce(gold, torch.ones(8, dtype=torch.bool))
    together = gradients(loss + maxima.clamp(min=-50).sum(), scorer, states)
    total, alone = 0.0, [torch.zeros_like(gradient) for gradient in together]
    for row, length in enumerate(lengths):
        own = gold[gold[:, 0] == row] * torch.tensor([0, 1, 1, 1])
        part, best = scorer(states[row : row + 1, :length], mask[row : row + 1, :length]).reduce(
            own, torch.ones(1).bool()
        )
        torch.testing.assert_close(maxima[row, :length], best[0])
        total = total + part
        shares = gradients(part + best.clamp(min=-50).sum(), scorer, states)
        alone = [one + share for one, share in zip(alone, shares, strict=True)]
    torch.testing.assert_close(loss, total)
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def test_gradcheck():
    scorer, states, mask, gold = make(lengths=(3, 2), labels=2)
    everyone = torch.ones(2, dtype=torch.bool)

    def loss(states, weight, bias):
        scores = PairScores(scorer.heads(states), scorer.tails(states), weight, bias, mask, "all")
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


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("block", [1, 1 << 20])
def test_cells_of_given_pairs_are_those_of_the_published_formula(monkeypatch, domain, block):
    monkeypatch.setattr(blocks, "BLOCK_ELEMENTS", block)
    scorer, states, mask, _ = make(domain=domain)
    pairs = torch.tensor([[0, 1, 2], [0, 2, 2], [2, 0, 1], [0, 2, 1]])
    threshold = torch.tensor([0.0, 0.4, 0.6], dtype=torch.float64)
    cells, scores = scorer(states, mask).cells(threshold, pairs)
    expected = {}
    for sentence, head, tail in pairs.tolist():
        probabilities = published_logits(scorer, states[sentence])[head, tail].sigmoid()
        for label, probability in enumerate(probabilities.tolist()):
            if scored(3, domain)[head, tail] and probability > threshold[label]:
                expected[sentence, head, tail, label] = probability
    assert dict(zip(map(tuple, cells.tolist()), scores.tolist(), strict=True)) == pytest.approx(expected)


def test_no_pairs_no_cells():
    scorer, states, mask, _ = make()
    cells, scores = scorer(states, mask).cells(0.5, torch.zeros(0, 3, dtype=torch.long))
    assert cells.shape == (0, 4)
    assert scores.shape == (0,)


def published_maxima(scorer, states, lengths):
    rows = []
    for number, length in enumerate(lengths):
        logits = published_logits(scorer, states[number, :length])
        logits = logits.masked_fill(~scored(length, scorer.domain).unsqueeze(-1), float("-inf"))
        rows.append(logits.amax(dim=1).clamp(min=NO_PARTNER))
    return rows


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("block", [1, 50, 1 << 20])
@pytest.mark.parametrize("annotated", [[True, True, True], [True, False, True]])
def test_maxima_and_loss_from_one_pass(monkeypatch, domain, block, annotated):
    monkeypatch.setattr(blocks, "BLOCK_ELEMENTS", block)
    lengths = [4, 1, 3]
    scorer, states, mask, gold = make(lengths=tuple(lengths), domain=domain)
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


@pytest.mark.parametrize("what", ["loss", "reduce", "maxima"])
@pytest.mark.parametrize("quiet", ["no_grad", "frozen"])
def test_no_gradient_is_computed_where_none_is_wanted(monkeypatch, what, quiet):
    """Counted: one product a block, no share of a gradient, no places of maxima."""
    scorer, states, mask, gold = make()
    calls = Counter()
    for name in ("score", "_add_gradients", "best_partners"):
        function = getattr(reduction, name)
        monkeypatch.setattr(reduction, name, counting(function, name, calls))
    everyone = torch.ones(3, dtype=torch.bool)

    def once():
        arguments = () if what == "maxima" else (gold, everyone)
        return getattr(scorer(states, mask), what)(*arguments)

    once()
    blocks_made = calls["score"]
    wanted = {"loss": (3, 0), "reduce": (3, 3), "maxima": (0, 3)}[what]
    assert (calls["_add_gradients"], calls["best_partners"]) == wanted
    calls.clear()
    if quiet == "frozen":
        states = states.detach()
        scorer.requires_grad_(False)
        once()
    else:
        with torch.no_grad():
            once()
    assert calls == {"score": blocks_made}


def counting(function, name, calls):
    def counted(*args):
        calls[name] += 1
        return function(*args)

    return counted


def products(function) -> int:
    """Multiplications and additions of the matrix products in `function`."""
    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops()


def test_matrix_products_of_training_and_evaluation():
    """The scores once, and two products for their gradients; maxima add none."""
    scorer, states, mask, gold = make(lengths=(9, 9))
    everyone = torch.ones(2, dtype=torch.bool)
    heads, tails = scorer.heads(states), scorer.tails(states)
    scores = PairScores(heads, tails, scorer.output.weight, scorer.bias, mask, "all")
    one = 2 * 2 * 9 * 9 * scorer.output.weight.numel()

    def train():
        loss, maxima = scores.reduce(gold, everyone)
        torch.autograd.grad(loss + maxima.sum(), [heads, tails, scorer.output.weight])

    assert products(train) == 3 * one
    with torch.no_grad():
        assert products(lambda: scores.reduce(gold, everyone)) == one
        assert products(lambda: scores.loss(gold, everyone)) == one


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


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("block", [1, 50, 1 << 20])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_cells_above_a_threshold(monkeypatch, domain, block, threshold):
    monkeypatch.setattr(blocks, "BLOCK_ELEMENTS", block)
    lengths = [4, 1, 3]
    scorer, states, mask, _ = make(lengths=tuple(lengths), domain=domain)
    cells, scores = scorer(states, mask).cells(threshold)
    expected = {}
    for sentence, length in enumerate(lengths):
        probabilities = published_logits(scorer, states[sentence, :length]).sigmoid()
        for head, tail, label in (probabilities > threshold).nonzero().tolist():
            if scored(length, domain)[head, tail]:
                expected[sentence, head, tail, label] = float(probabilities[head, tail, label].detach())
    found = dict(zip(map(tuple, cells.tolist()), scores.tolist(), strict=True))
    assert found.keys() == expected.keys()
    for cell, score in found.items():
        assert score == pytest.approx(expected[cell])


@pytest.mark.parametrize("block", [1, 50, 1 << 20])
def test_maxima_over_the_spans_that_cover_a_token(monkeypatch, block):
    monkeypatch.setattr(blocks, "BLOCK_ELEMENTS", block)
    lengths = [4, 1, 3]
    scorer, states, mask, _ = make(lengths=tuple(lengths), domain="upper")
    maxima = scorer(states, mask).covering_maxima()
    wanted = []
    for number, length in enumerate(lengths):
        logits = published_logits(scorer, states[number, :length])
        wanted.append(
            torch.stack([logits[: t + 1, t:].flatten(0, 1).max(dim=0).values for t in range(length)])
        )
        torch.testing.assert_close(maxima[number, :length], wanted[-1])
        assert (maxima[number, length:] == NO_PARTNER).all()
    weights = [torch.randn_like(w) for w in wanted]
    ours = sum((maxima[n, : len(w)] * w).sum() for n, w in enumerate(weights))
    theirs = sum((r * w).sum() for r, w in zip(wanted, weights, strict=True))
    for one, other in zip(gradients(ours, scorer, states), gradients(theirs, scorer, states), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def half_precision(seed=0, scale=1.0):
    """A scorer whose blocks are computed in fp16, and the same in fp32."""
    torch.manual_seed(seed)
    scorer = PairScorer(5, 6, 3)
    states = torch.randn(2, 60, 5)
    mask = torch.ones(2, 60, dtype=torch.bool)
    heads, tails = (scale * part(states).detach() for part in (scorer.heads, scorer.tails))
    single = [heads.half().float(), tails.half().float(), scorer.output.weight.detach().half().float()]
    half = [tensor.half() for tensor in single]
    both = [[tensor.requires_grad_() for tensor in tensors] for tensors in (half, single)]
    return [PairScores(h, t, w, scorer.bias.detach(), mask, "all") for h, t, w in both]


def test_sums_over_pairs_do_not_overflow_in_fp16():
    """The gradient of the weights sums 3,600 products of some 100 for each sentence: far beyond 65,504."""
    half, single = half_precision(scale=300.0)
    everyone, none = torch.ones(2, dtype=torch.bool), torch.zeros(0, 4, dtype=torch.long)
    results = []
    for computed in (half, single):
        loss, maxima = computed.reduce(none, everyone)
        wanted = [computed.heads, computed.tails, computed.weight]
        small = 2**-12 * loss + 2**-12 * maxima.float().sum()  # so that the result fits
        results.append(torch.autograd.grad(small, wanted))
    assert results[1][2].abs().max() * 2**12 > torch.finfo(torch.float16).max
    for one, other in zip(*results, strict=True):
        assert one.dtype == torch.float16
        assert one.isfinite().all()
        assert (one.float() - other).norm() <= 1e-2 * other.norm()


def test_a_gold_cell_weighs_as_often_as_its_label_says():
    scorer, states, mask, gold = make()
    everyone = torch.ones(3, dtype=torch.bool)
    weights = torch.tensor([3.0, 1.0, 0.5], dtype=torch.float64)
    loss = scorer(states, mask).loss(gold, everyone, weights)
    wanted = scorer(states, mask).loss(gold, everyone)
    for sentence, head, tail, label in gold.tolist():
        logit = published_logits(scorer, states[sentence])[head, tail, label]
        wanted = wanted - (weights[label] - 1) * logit.sigmoid().log()
    torch.testing.assert_close(loss, wanted)
    together, _ = scorer(states, mask).reduce(gold, everyone, weights)
    torch.testing.assert_close(together, loss)


def test_the_upper_domain_cannot_be_turned():
    scorer, states, mask, _ = make(domain="upper")
    with pytest.raises(ValueError, match="upper"):
        scorer(states, mask).turned()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), length=st.integers(1, 9), domain=st.sampled_from(DOMAINS))
def test_any_block_size_gives_the_same(seed, length, domain):
    scorer, states, mask, gold = make(seed, (length, 2), domain=domain)
    everyone = torch.ones(2, dtype=torch.bool)
    results = []
    for block in (1, 7, 40, 1 << 20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(blocks, "BLOCK_ELEMENTS", block)
            loss, maxima = scorer(states, mask).reduce(gold, everyone)
            results.append((loss, maxima, *gradients(loss + maxima.clamp(min=-50).sum(), scorer, states)))
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_one_seed_one_result(dtype):
    def once():
        scorer, states, mask, gold = make(lengths=(30, 21))
        states = states.detach().float().requires_grad_()
        scorer = scorer.float()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            loss, maxima = scorer(states, mask).reduce(gold, torch.ones(2, dtype=torch.bool))
        return [loss, maxima, *gradients(loss + maxima.sum(), scorer, states)]

    for one, other in zip(once(), once(), strict=True):
        assert torch.equal(one, other)


def test_single_precision_is_within_1e_5():
    scorer, states, mask, gold = make(lengths=(40, 33))
    everyone = torch.ones(2, dtype=torch.bool)
    exact = scorer(states, mask).loss(gold, everyone)
    of_exact = gradients(exact, scorer, states)
    scorer, single = scorer.float(), states.detach().float().requires_grad_()
    loss = scorer(single, mask).loss(gold, everyone)
    torch.testing.assert_close(loss.double(), exact, rtol=1e-5, atol=0)
    for ours, theirs in zip(gradients(loss, scorer, single), of_exact, strict=True):
        assert (ours.double() - theirs).norm() <= 1e-5 * theirs.norm()


MEMORY = """
import resource, torch
from causal_mtl.nn.pair_scorer import PairScorer
torch.manual_seed(0)
words, relations = {words}, 200
scorer = PairScorer(20, 20, relations)
states = torch.randn(1, words, 20, requires_grad=True)
gold = torch.tensor([[0, 3, 5, 7]])
loss, maxima = scorer(states, torch.ones(1, words, dtype=torch.bool)).reduce(gold, torch.tensor([True]))
(loss + maxima.sum()).backward()
assert states.grad.isfinite().all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_grows_with_the_words_not_with_the_pairs():
    """One sentence of 1,000 words and 200 relations, whose scores alone would take 760 MiB."""

    def peak(words):
        run = subprocess.run(
            [sys.executable, "-c", MEMORY.format(words=words)], capture_output=True, text=True, check=True
        )
        return int(run.stdout) * 1024

    small, large = peak(20), peak(1000)
    assert large - small < 150 << 20
