import pytest

from causal_mtl.common import ConfigurationError, Params
from causal_mtl.nn.schedules import Constant, Exponential, Linear, Schedule


def test_constant():
    assert [Constant(0.3).at(epoch) for epoch in (1, 7)] == [0.3, 0.3]


def test_linear_goes_in_equal_steps_and_then_stays():
    values = [Linear(1.0, 0.2, epochs=4).at(epoch) for epoch in range(1, 8)]
    assert values == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2, 0.2, 0.2])


def test_exponential_goes_by_equal_factors_and_then_stays():
    values = [Exponential(1.6, 0.1, epochs=4).at(epoch) for epoch in range(1, 8)]
    assert values == pytest.approx([1.6, 0.8, 0.4, 0.2, 0.1, 0.1, 0.1])


@pytest.mark.parametrize("kind", ["linear", "exponential"])
def test_a_schedule_may_rise_and_may_last_one_epoch(kind):
    schedule = Schedule.from_params(Params({"type": kind, "start": 0.1, "end": 0.9, "epochs": 1}))
    assert [schedule.at(epoch) for epoch in (1, 2, 3)] == pytest.approx([0.1, 0.9, 0.9])


@pytest.mark.parametrize(
    "config",
    [
        {"type": "constant", "value": 0.0},
        {"type": "linear", "start": 1.0, "end": 0.0, "epochs": 3},
        {"type": "exponential", "start": 1.0, "end": 0.1, "epochs": 0},
    ],
)
def test_a_schedule_that_would_reach_zero_is_refused(config):
    with pytest.raises(ConfigurationError):
        Schedule.from_params(Params(config))
