import torch

from causal_mtl.nn.pooling import max_over_tokens

MASK = torch.arange(5) < torch.tensor([5, 1, 3]).unsqueeze(1)


def test_against_loops():
    torch.manual_seed(0)
    states = torch.randn(3, 5, 4) - 5.0  # all below the zeros that padding may hold
    pooled = max_over_tokens(states.masked_fill(~MASK.unsqueeze(-1), 0.0), MASK)
    assert pooled.shape == (3, 4)
    for row, length in enumerate([5, 1, 3]):
        for dimension in range(4):
            slow = max(float(states[row, i, dimension]) for i in range(length))
            assert float(pooled[row, dimension]) == slow


def test_padding_changes_nothing_and_gets_no_gradient():
    states = torch.randn(3, 5, 4, requires_grad=True)
    noisy = states.masked_fill(~MASK.unsqueeze(-1), 99.0)
    assert torch.equal(max_over_tokens(noisy, MASK), max_over_tokens(states, MASK))
    (gradient,) = torch.autograd.grad(max_over_tokens(states, MASK).sum(), states)
    assert (gradient[~MASK] == 0).all()
    assert (gradient.sum(dim=1) == 1).all()


def test_gradient_against_finite_differences():
    torch.manual_seed(0)
    states = torch.randn(3, 5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda s: max_over_tokens(s, MASK), states)


def test_states_that_are_put_side_by_side_can_be_pooled_apart():
    states, labels = torch.randn(3, 5, 4), torch.randn(3, 5, 2)
    together = max_over_tokens(torch.cat([states, labels], dim=-1), MASK)
    apart = torch.cat([max_over_tokens(states, MASK), max_over_tokens(labels, MASK)], dim=-1)
    assert torch.equal(together, apart)
