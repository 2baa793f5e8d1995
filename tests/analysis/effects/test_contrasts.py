import numpy as np
import pytest

from causal_mtl.analysis.effects.contrasts import unit_effects, weights_of

RNG = np.random.default_rng(0)
VALUES = range(3)
PREDICTIONS = {(x, y): RNG.random((5, 2)) for x in VALUES for y in VALUES}


def test_equation_10_is_exact_over_the_other_labels():
    effects = unit_effects(PREDICTIONS, 0, {1: 0.25, 2: 0.75})
    f = PREDICTIONS
    assert effects["total"] == pytest.approx(f[0, 0] - 0.25 * f[1, 1] - 0.75 * f[2, 2])
    direct = 0.25 * (f[0, 1] - f[1, 1]) + 0.75 * (f[0, 2] - f[2, 2])
    assert effects["direct"] == pytest.approx(direct)


@pytest.mark.parametrize("label", VALUES)
def test_paths_add_up(label):
    effects = unit_effects(PREDICTIONS, label, weights_of(label, VALUES))
    assert effects["total"] == pytest.approx(effects["direct"] + effects["indirect"])


def test_without_mixed_predictions_there_is_a_total_only():
    whole = {(x, x): PREDICTIONS[x, x] for x in VALUES}
    assert list(unit_effects(whole, 0, {1: 1.0})) == ["total"]


def test_weights():
    assert weights_of(0, VALUES) == {1: 0.5, 2: 0.5}
    assert weights_of(0, VALUES, [0.2, 0.2, 0.6]) == pytest.approx({1: 0.25, 2: 0.75})
    assert weights_of(0, [1], [0.2, 0.2, 0.6]) == {1: 1.0}
    assert weights_of(0, VALUES, [1.0, 0.0, 0.0]) == {1: 0.5, 2: 0.5}
