"""Labels that are given with probabilities."""

import pytest

from causal_mtl import load
from causal_mtl.predictors import InputError

TEXT = "The soup was cold and bland. Our waiter was attentive."


@pytest.fixture(scope="module")
def predictor(reviews):
    return load(reviews)


def ratings(predictor, food=None):
    record = {"text": TEXT} if food is None else {"text": TEXT, "given": {"food": food}}
    found = predictor.predict(record)["annotations"]
    return found["rating"]["labels"], found["rating"]["scores"], found["food"]


def test_a_sure_distribution_is_a_label(predictor):
    sure = {"labels": ["Positive"], "probabilities": [1.0]}
    labels, scores, food = ratings(predictor, sure)
    wanted, of_label, _ = ratings(predictor, {"labels": ["Positive"]})
    assert labels == wanted
    assert scores == pytest.approx(of_label)
    assert "scores" in food  # the task itself is predicted as without it


def test_what_is_given_reaches_the_others(predictor):
    positive, negative = (
        ratings(predictor, {"labels": ["Positive", "Negative"], "probabilities": p})
        for p in ([0.9, 0.1], [0.1, 0.9])
    )
    assert positive[:2] != negative[:2]


def test_sure_unsure_and_nothing_together(predictor):
    unsure = {"labels": ["Positive", "Negative"], "probabilities": [0.6, 0.4]}
    records = [{"text": TEXT, "given": {"food": one}} for one in (unsure, {"labels": ["Positive"]})]
    records.append({"text": TEXT})
    together = predictor.predict_batch(records)
    for record, found in zip(records, together, strict=True):
        alone = predictor.predict(record)["annotations"]
        assert found["annotations"]["rating"]["scores"] == pytest.approx(alone["rating"]["scores"])


@pytest.mark.parametrize(
    ("food", "message"),
    [
        ({"labels": ["Positive"], "probabilities": [0.7]}, "probabilities sum to 1: got 0.7"),
        (
            {"labels": ["Positive"], "probabilities": [0.7, 0.3]},
            "expected one for each of 1 different labels",
        ),
        ({"labels": ["Positive"], "probabilities": [1.7]}, "expected numbers of 0 to 1"),
        ({"labels": ["Good"], "probabilities": [1.0]}, "the model knows no label 'Good'"),
        ({"labels": ["Positive"], "probabilities": [1], "partial": True}, "neither 'scores' nor 'partial'"),
        ({"labels": ["Positive"], "partial": True}, "a text has exactly one label of this task"),
    ],
)
def test_what_is_no_distribution(predictor, food, message):
    with pytest.raises(InputError, match=r"given\.food") as error:
        ratings(predictor, food)
    assert message in str(error.value)
