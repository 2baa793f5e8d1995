import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from causal_mtl.nn.pair_scorer.softplus import sigmoid_of, sum_of_softplus

SCORES = st.lists(
    st.floats(-1000, 1000) | st.floats(-30, 30) | st.just(float("-inf")), min_size=1, max_size=23
)


@settings(max_examples=200, deadline=None)
@given(scores=SCORES, dtype=st.sampled_from([torch.float64, torch.float32]))
def test_sum_and_sigmoid_are_exact_for_scores_of_any_size(scores, dtype):
    logits = torch.tensor(scores, dtype=dtype)
    total, exponentials = sum_of_softplus(logits)
    exact = logits.double()
    wanted = torch.where(exact > 0, exact, 0.0).sum() + (-exact.abs()).exp().log1p().sum()
    tolerance = 1e-12 if dtype == torch.float64 else 1e-5
    # below the smallest normal number nothing is exact
    torch.testing.assert_close(total.double(), wanted, rtol=tolerance, atol=float(torch.finfo(dtype).tiny))
    torch.testing.assert_close(sigmoid_of(exponentials), logits.sigmoid(), rtol=1e-5, atol=1e-30)


def test_small_probabilities_count_in_full():
    """1 + 1e-9 is 1 in single precision, and so would be a product of a thousand of them."""
    total, _ = sum_of_softplus(torch.full((1000,), -20.0))
    assert float(total) == pytest.approx(1000 * 2.0611536e-09, rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_single(dtype):
    logits = torch.linspace(-20, 60, 5000).to(dtype)
    total, exponentials = sum_of_softplus(logits)
    assert total.dtype == exponentials.dtype == torch.float32
    torch.testing.assert_close(total, functional.softplus(logits.float(), threshold=100).sum())
