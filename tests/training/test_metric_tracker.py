import math

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.training import MetricTracker


def test_early_epochs_are_not_chosen():
    tracker = MetricTracker("-loss", patience=1, first_epoch=3)
    for epoch in (1, 2):
        assert not tracker.add({"loss": 0.1 * epoch}, epoch)
        assert not tracker.should_stop
        assert tracker.score == pytest.approx(-0.1 * epoch)  # schedulers see it
    assert tracker.add({"loss": 5.0}, 3)
    assert tracker.best_epoch == 3


def test_best_and_patience():
    tracker = MetricTracker("-loss", patience=2)
    assert [tracker.add({"loss": loss}, i) for i, loss in enumerate([3.0, 2.0, 2.0, 2.5], 1)] == [
        True,
        True,
        False,
        False,
    ]
    assert tracker.should_stop
    assert (tracker.best_epoch, tracker.best_metrics) == (2, {"loss": 2.0})


def test_several_metrics_are_added():
    tracker = MetricTracker(["+a", "-b"])
    tracker.add({"a": 1.0, "b": 0.5}, 1)
    assert tracker.score == 0.5
    assert not tracker.add({"a": 1.2, "b": 0.8}, 2)


def test_nan_is_never_best():
    tracker = MetricTracker("+a")
    assert not tracker.add({"a": math.nan}, 1)
    assert tracker.add({"a": 0.0}, 2)
    assert tracker.best_epoch == 2


def test_state_goes_on():
    one, other = MetricTracker("+a", 2), MetricTracker("+a", 2)
    one.add({"a": 1.0}, 1)
    one.add({"a": 0.5}, 2)
    other.load_state_dict(one.state_dict())
    assert not other.should_stop
    other.add({"a": 0.5}, 3)
    assert other.should_stop
    assert other.best_epoch == 1


@pytest.mark.parametrize("names", ["loss", "+", "", [], ["+a", "b"]])
def test_names_need_a_sign(names):
    with pytest.raises(ConfigurationError, match="begin with"):
        MetricTracker(names)


def test_unknown_name_lists_the_names():
    with pytest.raises(ConfigurationError, match=r"relations/f1.*There are: entities/f1, loss"):
        MetricTracker("+relations/f1").add({"loss": 1.0, "entities/f1": 0.5}, 1)


def test_a_sign_against_what_the_metric_says():
    known = {"a/mae": False, "a/f1": True, "a/other": None}
    MetricTracker(["-a/mae", "+a/f1", "+a/other", "-unknown"]).check_signs(known)
    with pytest.raises(ConfigurationError, match='of "a/mae" lower is better: "-a/mae"'):
        MetricTracker("+a/mae").check_signs(known)
    with pytest.raises(ConfigurationError, match='of "a/f1" higher is better'):
        MetricTracker("-a/f1").check_signs(known)
