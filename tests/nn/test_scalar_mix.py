import pytest
import torch
from torch.autograd import gradcheck

from causal_mtl.nn.scalar_mix import ScalarMix


def mix_of(layers, dtype=torch.float32):
    torch.manual_seed(0)
    mix = ScalarMix(layers).to(dtype)
    with torch.no_grad():
        mix.weights.normal_()
        mix.scale.fill_(1.5)
    return mix


def test_a_mix_starts_at_the_mean():
    features = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ScalarMix(4)(features), features.mean(2))
    mix = ScalarMix(4)
    with torch.no_grad():
        mix.weights[1] = 100.0
        mix.scale.fill_(2.0)
    torch.testing.assert_close(mix(features), 2 * features[:, :, 1])
    single = ScalarMix(1)
    assert torch.equal(single(features[:, :, :1]), features[:, :, 0])
    assert not list(single.parameters())


def reference(mix, features):
    """Peters et al., equation 1, as it is written."""
    shares = mix.weights.exp() / mix.weights.exp().sum()
    return mix.scale * sum(
        share * layer.float() for share, layer in zip(shares, features.unbind(2), strict=True)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("tuned", [False, True])
def test_values_and_gradients_are_those_of_the_equation(dtype, tuned):
    mix, features = mix_of(4), torch.randn(2, 3, 4, 5).to(dtype).requires_grad_(tuned)
    inputs = [mix.weights, mix.scale, *([features] if tuned else [])]
    found, wanted = mix(features), reference(mix, features)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted)
    upstream = torch.randn(2, 3, 5)
    for one, other in zip(
        *(torch.autograd.grad(out, inputs, upstream) for out in (found, wanted)), strict=True
    ):
        torch.testing.assert_close(one, other)


def test_gradients_against_finite_differences():
    mix, features = mix_of(3, torch.float64), torch.randn(2, 2, 3, 4, dtype=torch.float64)

    def mixed(weights, scale):
        return torch.func.functional_call(mix, {"weights": weights, "scale": scale}, (features,))

    assert gradcheck(mixed, (mix.weights, mix.scale))


def test_nothing_is_mixed_of_no_tokens():
    assert mix_of(3)(torch.zeros(2, 0, 3, 4, dtype=torch.float16)).shape == (2, 0, 4)
