import json

import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.data import CebabReader, WhitespaceTokenizer

RECORD = {
    "id": "7_0",
    "original_id": "7",
    "edit_id": "0",
    "is_original": True,
    "edit_goal": None,
    "edit_type": None,
    "description": "Good soup .",
    "review_majority": "4",
    "review_label_distribution": {"4": 3, "5": 2},
    "food_aspect_majority": "Positive",
    "ambiance_aspect_majority": "unknown",
    "service_aspect_majority": "",
    "noise_aspect_majority": "no majority",
}
UNDECIDED = {
    **RECORD,
    "review_majority": "no majority",
    "review_label_distribution": {"1": 1, "2": 2, "4": 2},
}


@pytest.fixture
def read(tmp_path):
    def run(*records, **options):
        path = tmp_path / "dev.json"
        path.write_text(json.dumps(records))
        return list(CebabReader(tokenizer=WhitespaceTokenizer(), **options).read(path))

    return run


def labels(instance):
    return {task: annotation.labels for task, annotation in instance.annotations.items()}


def test_labels_metadata_and_what_is_not_annotated(read):
    (instance,) = read(RECORD)
    assert labels(instance) == {"food": ("Positive",), "ambiance": ("unknown",), "rating": ("4",)}
    assert instance.notes == {"aspect without a majority": 1}
    assert [token.text for token in instance.tokens] == ["Good", "soup", "."]
    assert instance.metadata["original_id"] == "7"
    assert instance.metadata["votes"] == {"4": 3, "5": 2}
    assert instance.metadata["edit_goal"] is None


def test_a_rating_without_a_majority(read):
    (missing,), (median,) = read(UNDECIDED), read(UNDECIDED, no_majority="median")
    assert "rating" not in labels(missing)
    assert labels(median)["rating"] == ("2",)
    assert missing.notes["rating without a majority"] == median.notes["rating without a majority"] == 1
    (majority,) = read(RECORD, no_majority="median")
    assert labels(majority)["rating"] == ("4",)


def test_tasks_can_be_called_otherwise(read):
    (instance,) = read(RECORD, rating="stars", aspects=["a", "b", "c", "d"])
    assert labels(instance) == {"a": ("Positive",), "b": ("unknown",), "stars": ("4",)}
    with pytest.raises(ConfigurationError, match="two tasks, but both are named 'food'"):
        CebabReader(rating="food")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"description": 3}, "'description': expected a string"),
        ({"food_aspect_majority": "good"}, "'food_aspect_majority': expected Negative, Positive, unknown"),
        ({"review_majority": "6"}, "'review_majority': expected 1, 2, 3, 4, 5"),
        ({"review_label_distribution": {"6": 1}}, "expected a count for each of 1 to 5"),
        ({"review_label_distribution": {"5": -1}}, "expected a count for each of 1 to 5"),
        ({"review_label_distribution": {"5": "x"}}, "expected an integer"),
    ],
)
def test_bad_records_are_named(read, change, message):
    with pytest.raises(ConfigurationError, match=r"dev\.json:1: record 2: ") as error:
        read(RECORD, {**RECORD, **change})
    assert message in str(error.value)


def test_no_votes_have_no_median(read):
    with pytest.raises(ConfigurationError, match="there are no votes"):
        read({**UNDECIDED, "review_label_distribution": {}}, no_majority="median")


def test_edits_of_the_fixture_change_one_aspect(fixtures):
    found = list(CebabReader(tokenizer=WhitespaceTokenizer()).read(fixtures / "cebab/dev.json"))
    edits = [instance for instance in found if not instance.metadata["is_original"]]
    assert len(edits) == 30
    assert all(edit.metadata["edit_type"] in ("food", "ambiance", "service", "noise") for edit in edits)


def test_an_edit_names_the_task_whose_label_it_changes(read):
    edit = {**RECORD, "is_original": False, "edit_type": "food", "edit_goal": "Negative"}
    planned = {**RECORD, "edit_type": "food"}  # an original of the training data
    aspects = ("dishes", "ambiance", "service", "noise")
    found = read(RECORD, planned, edit, aspects=aspects)
    assert [one.metadata.get("edited_task") for one in found] == [None, None, "dishes"]


def test_an_edit_of_an_unknown_aspect(read):
    with pytest.raises(
        ConfigurationError, match="'edit_type': expected food, ambiance, service, noise or null"
    ):
        read({**RECORD, "is_original": False, "edit_type": "price"})


def test_one_vote_each_has_the_mean_of_all_votes(read):
    records = [{**RECORD, "description": f"Good soup {n} ."} for n in range(400)]
    stars = [int(one.annotations["rating"].labels[0]) for one in read(*records, votes="one")]
    assert set(stars) == {4, 5}
    assert sum(stars) / len(stars) == pytest.approx(4.4, abs=0.1)
    assert stars[:50] == [
        int(one.annotations["rating"].labels[0]) for one in read(*records[:50], votes="one")
    ]


def test_one_vote_of_a_rating_without_a_majority_or_without_votes(read):
    (found,) = read(UNDECIDED, votes="one")
    assert found.annotations["rating"].labels[0] in {"1", "2", "4"}
    assert not found.notes["rating without a majority"]
    (missing,) = read({**RECORD, "review_majority": ""}, votes="one")
    assert "rating" not in missing.annotations
    with pytest.raises(ConfigurationError, match="there are no votes"):
        read({**RECORD, "review_label_distribution": {}}, votes="one")
    with pytest.raises(ConfigurationError, match="no_majority has no effect"):
        read(RECORD, votes="one", no_majority="median")
