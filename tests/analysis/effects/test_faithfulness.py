"""Errors of what an explanation says, on changes that can be computed by hand."""

import numpy as np
import pytest

from causal_mtl.analysis.effects.faithfulness import as_numbers, scores

NUMBERS = np.array([1.0, 2.0, 3.0])


def error(name, actual, said, numbers=NUMBERS):
    return scores(np.array([actual]), np.array([said]), numbers)[name].item()


def test_what_is_said_exactly_has_no_error():
    change = [-0.3, 0.1, 0.2]
    found = scores(np.array([change]), np.array([change]), NUMBERS)
    assert {name: of.item() for name, of in found.items()} == pytest.approx(
        {"l2": 0, "cosine": 0, "norm_difference": 0, "expected": 0, "order": 1}
    )


def test_errors_of_the_opposite():
    actual, said = [-0.4, 0.0, 0.4], [0.4, 0.0, -0.4]
    assert error("l2", actual, said) == pytest.approx(0.8 * 2**0.5)
    assert error("cosine", actual, said) == pytest.approx(2)
    assert error("norm_difference", actual, said) == pytest.approx(0)
    assert error("expected", actual, said) == pytest.approx(1.6)  # +0.8 against −0.8
    assert error("order", actual, said) == 0


def test_right_angle_and_other_length():
    assert error("cosine", [-0.3, 0.0, 0.3], [0.1, -0.2, 0.1]) == pytest.approx(1)
    assert error("norm_difference", [0.3, 0.0, -0.4], [0.0, 0.0, 0.0]) == pytest.approx(0.5)


def test_no_change_has_no_angle():
    assert error("cosine", [-0.3, 0.1, 0.2], [0.0, 0.0, 0.0]) == 1
    assert error("cosine", [1e-6, 0.0, -1e-6], [0.3, 0.0, -0.3]) == 1


def test_order_has_three_directions():
    up, still = [-0.2, 0.0, 0.2], [0.1, -0.2, 0.1]
    assert error("order", up, [-0.01, 0.0, 0.01]) == 1
    assert error("order", up, still) == 0
    assert error("order", still, [1e-6, 0.0, -1e-6]) == 1


def test_outcomes_that_are_no_numbers_have_no_order():
    assert as_numbers(["1", "2.5"]).tolist() == [1, 2.5]
    assert as_numbers(["1", "theft"]) is None
    assert as_numbers(["nan", "1"]) is None
    assert set(scores(np.zeros((1, 2)), np.zeros((1, 2)), None)) == {"l2", "cosine", "norm_difference"}
