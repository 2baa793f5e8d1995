"""Pairs of texts and their edits, and what models are said to do there."""

import json
from dataclasses import replace

import pytest

from causal_mtl.analysis.effects import EditQuestion, Interventions, edit_effects
from causal_mtl.analysis.effects.pairs import find_pairs
from causal_mtl.archive import load_archive
from causal_mtl.common import ConfigurationError
from causal_mtl.data import Instance, LabelAnnotation, WhitespaceTokenizer, from_json
from causal_mtl.predictors import Predictor


def version(original, edited=None, **labels):
    metadata = {"original_id": original} | ({"edited_task": edited} if edited else {})
    return Instance("", [], {task: LabelAnnotation((label,)) for task, label in labels.items()}, metadata)


@pytest.fixture(scope="module")
def gold(of_world):
    return of_world("gold")


@pytest.fixture(scope="module")
def model(gold):
    return load_archive(gold).model


def records(world):
    return [json.loads(line) for line in (world / "dev.jsonl").read_text().splitlines()[:60]]


def write_edits(file, records, labels):
    """Six records, each with an edit: a later record of which A has another of these labels."""
    lines = []
    for number in range(6):
        other = next(i for i in range(6, len(records)) if labels[i] != labels[number])
        for index, keys in ((number, {}), (other, {"edited_task": "A"})):
            lines.append({**records[index], "annotations": {"A": {"labels": [labels[index]]}}})
            lines[-1] |= {"original_id": number, **keys}
    file.write_text("\n".join(json.dumps(line) for line in lines))
    return file


@pytest.fixture(scope="module")
def edited(world, tmp_path_factory):
    found = records(world)
    labels = [one["annotations"]["A"]["labels"][0] for one in found]
    return write_edits(tmp_path_factory.mktemp("edited") / "edits.jsonl", found, labels)


def as_tuples(pairs):
    return [(p.base, p.edited, p.task, p.before, p.after) for p in pairs]


def test_pairs_of_originals_and_edits(model):
    versions = [
        version("7", A="a0"),
        version("8", A="a0"),
        version("7", "A", A="a1"),
        version("7", "A", A="a2"),
        version("7", "B", B="b1"),  # the original has no label of B
        version("7", "A", A="a0"),  # an edit that changed nothing
    ]
    found, left_out = find_pairs(versions, model, "originals")
    assert as_tuples(found) == [(0, 2, "A", "a0", "a1"), (0, 3, "A", "a0", "a2")]
    assert left_out == {"a text without a label": 1, "the same label in both texts": 1}
    everything, _ = find_pairs(versions, model, "all")
    assert {(base, edit) for base, edit, *_ in as_tuples(everything)} == {
        *[(0, 2), (0, 3), (2, 0), (3, 0)],
        *[(2, 3), (3, 2), (2, 5), (5, 2), (3, 5), (5, 3)],
    }
    assert {pair.case for pair in everything} == {0}


def test_two_originals_are_no_pair(model):
    versions = [version("7", A="a0"), version("7", A="a1")]
    with pytest.raises(ConfigurationError, match="no pairs of texts to compare"):
        find_pairs(versions, model, "all")


@pytest.mark.parametrize(("task", "message"), [("D", "no task 'D'"), (3, "no task '3'")])
def test_an_edit_of_an_unknown_task(model, task, message):
    versions = [
        version("7", A="a0"),
        replace(version("7"), metadata={"original_id": "7", "edited_task": task}),
    ]
    with pytest.raises(ConfigurationError, match=message):
        find_pairs(versions, model, "all")


def test_a_report(gold, edited):
    report = edit_effects([gold], str(edited), EditQuestion("B", pairs="originals", samples=50))
    assert report["pairs"] == report["originals"] == 6
    assert "changes" not in report  # b0, b1 … are no numbers
    said, nothing = report["scores"]["set label"], report["scores"]["no effect"]
    assert set(said) == {"l2", "cosine", "norm_difference"}
    assert nothing["cosine"]["mean"] == 1
    assert nothing["l2"] == nothing["norm_difference"]
    assert report["scores"]["difference"]["l2"]["mean"] == pytest.approx(
        said["l2"]["mean"] - nothing["l2"]["mean"]
    )
    assert said["cosine"]["mean"] < 1  # the model has learned that B follows A
    assert list(report["by_task"]) == ["A"]


def test_both_directions_say_opposite_changes_of_the_same_size(gold, edited):
    """p(b | X') − p(b | X) turns its sign with the direction; errors of saying nothing stay."""
    one_way = edit_effects([gold], str(edited), EditQuestion("B", pairs="originals", samples=50))
    both = edit_effects([gold], str(edited), EditQuestion("B", samples=50))
    assert both["pairs"] == 12
    mean = [report["scores"]["no effect"]["l2"]["mean"] for report in (one_way, both)]
    assert mean[0] == pytest.approx(mean[1])


def test_where_all_of_the_text_passes_through_labels_setting_them_says_what_happens(
    of_world, world, tmp_path
):
    """B sees A alone: a text in which a' is predicted has the probabilities of do(a')."""
    path = of_world("bottleneck", architecture={"type": "label_bottleneck"}, paths="direct")
    archive, found = load_archive(path), records(world)
    texts = [from_json({"text": one["text"]}, WhitespaceTokenizer()) for one in found]
    predicted = Predictor(archive).annotate(texts)
    edits = write_edits(tmp_path / "edits.jsonl", found, [one["A"].labels[0] for one in predicted])
    scores = edit_effects([path], str(edits), EditQuestion("B", samples=50))["scores"]
    assert scores["set label"]["l2"]["mean"] == pytest.approx(0, abs=1e-6)
    assert scores["no effect"]["l2"]["mean"] > 0.1


def test_what_is_said_of_each_pair(gold, edited):
    """From one text at a time, as it is defined."""
    archive = load_archive(gold)
    asked = Interventions(archive, ["B"])
    instances = list(archive.reader.read(str(edited)))

    def probabilities(index, **labels):
        set_ = {task: LabelAnnotation((label,)) for task, label in labels.items()}
        return asked.outcomes([(replace(instances[index], annotations={}), None)], [set_])["B"][0]

    pairs = find_pairs(instances, archive.model, "all")[0]
    of_pair = [
        probabilities(pair.edited) - probabilities(pair.base, A=pair.after) for pair in pairs
    ]  # what is left of both differences
    report = edit_effects([gold], str(edited), EditQuestion("B", samples=50))
    expected = sum(float((one**2).sum() ** 0.5) for one in of_pair) / len(pairs)
    assert report["scores"]["set label"]["l2"]["mean"] == pytest.approx(expected, abs=1e-6)


def test_models_of_several_seeds_are_averaged(gold, of_world, edited):
    paths = [gold, of_world("gold", seed=2)]
    report = edit_effects(paths, str(edited), EditQuestion("B", samples=50))
    l2 = report["scores"]["set label"]["l2"]
    assert len(l2["by_model"]) == 2
    assert l2["mean"] == pytest.approx(sum(l2["by_model"]) / 2)
    assert report["warnings"] == []


def test_without_transfer_setting_labels_says_that_nothing_changes(of_world, edited):
    path = of_world("none", label_transfer="none", label_sampler=None)
    scores = edit_effects([path], str(edited), EditQuestion("B", samples=50))["scores"]
    for error, found in scores["set label"].items():
        assert found["mean"] == pytest.approx(scores["no effect"][error]["mean"], abs=1e-6)


def test_texts_that_the_reader_leaves_out_are_said(gold, edited, tmp_path, changed, caplog):
    archive = changed(gold, tmp_path / "part", dataset_reader={"type": "jsonl", "max_instances": 6})
    assert edit_effects([archive], str(edited), EditQuestion("B", samples=9))["pairs"] == 6
    assert "6 sentences are read: `part` or `max_instances`" in caplog.text


def test_a_target_that_no_edited_task_reaches(gold, edited):
    with pytest.raises(ConfigurationError, match="labels of 'A' do not reach 'A'"):
        edit_effects([gold], str(edited), EditQuestion("A"))


def test_an_unknown_target(gold, edited):
    with pytest.raises(ConfigurationError, match="--target: the model has no task 'b'"):
        edit_effects([gold], str(edited), EditQuestion("b"))
