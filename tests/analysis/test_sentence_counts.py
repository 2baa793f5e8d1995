import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import causal_mtl.predictors
from causal_mtl.analysis import (
    SentenceCounts,
    TripleGroups,
    micro_f1,
    read_runs,
    score_table,
    sentence_counts,
    with_counts,
)
from causal_mtl.analysis.sentence_counts import count, countable
from causal_mtl.common import ConfigurationError
from causal_mtl.data import DatasetReader, Instance, Token
from causal_mtl.data.instance import LabelAnnotation, Relation, RelationAnnotation, Span, SpanAnnotation
from causal_mtl.tasks import Task

ROOT = Path(__file__).parents[2]
DEV = str(ROOT / "fixtures/triples/dev.json")


class Fake:
    """A predictor of two tasks of each kind of metric, that knows what to answer."""

    def __init__(self, tasks, answers):
        self.model = self
        self.tasks, self.answers = tasks, answers

    def consistency(self):
        return []

    def annotate(self, instances):
        assert not any(instance.annotations for instance in instances), "gold must not be given"
        return self.answers


def sentence(**annotations):
    tokens = [Token(c, i, i + 1) for i, c in enumerate("abcd")]
    return Instance("abcd", tokens, annotations)


def test_counts_of_each_sentence():
    a, b, c = (Span(i, i + 1, "x") for i in range(3))
    spans, relations = SpanAnnotation, RelationAnnotation
    instances = [
        sentence(
            entities=spans((a, b)), relations=relations((Relation(a, "r", b),), unplaced=(("q", "r", "z"),))
        ),
        sentence(entities=spans((c,))),  # not annotated for relations
    ]
    answers = [
        {
            "entities": spans((a, c)),
            "relations": relations((Relation(a, "r", b), Relation(a, "s", b))),
            "topics": LabelAnnotation(("t",)),
            "kind": LabelAnnotation(("k",)),
        },
        {
            "entities": spans((c,)),
            "relations": relations((Relation(a, "r", b),)),
            "topics": LabelAnnotation(("t", "u")),
            "kind": LabelAnnotation(("k",)),
        },
    ]
    for instance in instances:
        instance.annotations |= {"topics": LabelAnnotation(("t",)), "kind": LabelAnnotation(("k",))}
    tasks = [
        Task.by_name("sequence_tagging")(name="entities"),
        Task.by_name("relation_extraction")(name="relations", mentions="entities"),
        Task.by_name("multi_label_classification")(name="topics"),
        Task.by_name("single_label_classification")(name="kind"),
    ]
    counts = {name: rows.tolist() for name, rows in count(Fake(tasks, answers), instances).items()}
    assert counts == {
        "entities/f1": [[1, 2, 2], [1, 1, 1]],
        "relations/exact_f1": [[1, 2, 2], [0, 0, 0]],
        "relations/partial_f1": [[1, 2, 2], [0, 0, 0]],
        "topics/f1": [[1, 1, 1], [1, 1, 2]],
        "kind/accuracy": [[1, 1], [1, 1]],
    }
    columns = countable(tasks[3].measures() | tasks[2].measures())
    assert columns == {"kind/accuracy": ("correct", "gold"), "topics/f1": ("correct", "gold", "predicted")}


def test_their_sum_is_what_training_measured(copies, trained):
    (run,) = read_runs([copies("mtl-1", 1)])
    run = with_counts(run)
    metrics = json.loads((trained / "metrics.json").read_text())
    assert set(run.counts.measures) == {"entities/f1", "relations/exact_f1", "relations/partial_f1"}
    for measure in run.counts.measures:
        counts = run.counts_of(measure)
        assert counts.shape == (60, 3)
        assert micro_f1(counts.sum(axis=0)) == pytest.approx(metrics[f"validation_{measure}"])
    with pytest.raises(ConfigurationError, match=r"'relations/f1' cannot be counted.*relations/exact_f1"):
        run.counts_of("relations/f1")


def test_they_are_counted_once(copies, tmp_path, monkeypatch):
    directory = copies("mtl-1", 1)
    archive = directory / "model.tar.gz"
    first = sentence_counts(directory, archive, DEV)
    (cache,) = (directory / "counts").iterdir()
    loaded = []
    load = causal_mtl.predictors.load
    monkeypatch.setattr(causal_mtl.predictors, "load", lambda path: (loaded.append(path), load(path))[1])

    again = sentence_counts(directory, archive, DEV)
    assert not loaded
    assert all((again.measures[name] == first.measures[name]).all() for name in first.measures)

    other = tmp_path / "other.json"
    other.write_text(json.dumps(json.loads(Path(DEV).read_text())[:5]))
    assert len(sentence_counts(directory, archive, str(other)).measures["entities/f1"]) == 5
    other.write_text(json.dumps(json.loads(Path(DEV).read_text())[:4]))
    assert len(sentence_counts(directory, archive, str(other)).measures["entities/f1"]) == 4
    assert len(loaded) == 2

    cache.write_text("{}")
    sentence_counts(directory, archive, DEV)
    assert len(loaded) == 3
    record = json.loads(cache.read_text())
    cache.write_text(json.dumps({**record, "archive_sha256": "of another training"}))
    sentence_counts(directory, archive, DEV)
    assert len(loaded) == 4
    assert json.loads(cache.read_text()) == record
    for missing, times in (("groups", 5), ("warning", 6)):
        cache.write_text(json.dumps({name: value for name, value in record.items() if name != missing}))
        assert sentence_counts(directory, archive, DEV).groups == first.groups
        assert len(loaded) == times


def test_a_task_without_gold_is_no_score_of_0(trained_reviews, tmp_path):
    directory, data = tmp_path / "reviews-1", tmp_path / "dev.json"
    shutil.copytree(trained_reviews, directory)
    texts = json.loads((ROOT / "fixtures/cebab/dev.json").read_text())
    data.write_text(json.dumps([{**text, "food_aspect_majority": ""} for text in texts]))
    (run,) = read_runs([directory])
    run = with_counts(run, str(data))
    assert "noise/accuracy" in run.counts.measures
    assert not [name for name in run.counts.measures if "food" in name]
    with pytest.raises(ConfigurationError, match="no sentence is annotated for what 'food/accuracy' scores"):
        score_table({"reviews": [run]}, "food/accuracy")


def test_what_a_reader_leaves_out_is_said_each_time(copies, caplog):
    """Of counts that were kept, too; the small training reads 60 sentences of a file at most."""
    (run,) = read_runs([copies("mtl-1", 1)])
    for _ in range(2):
        caplog.clear()
        with_counts(run, DEV)
        assert f"{DEV}: 60 sentences are read: `part` or `max_instances`" in caplog.text
    caplog.clear()
    with_counts(run)  # read as the training read it
    assert not caplog.records


def test_gold_of_another_kind(copies, monkeypatch):
    directory = copies("mtl-1", 1)
    labels = [sentence(entities=LabelAnnotation(("x",)))]
    monkeypatch.setattr(DatasetReader, "read", lambda self, path: iter(labels))
    with pytest.raises(ConfigurationError, match="'entities' holds labels, but the task needs spans"):
        sentence_counts(directory, directory / "model.tar.gz", DEV)


def test_counts_that_cannot_be_kept_are_returned(copies, caplog):
    directory = copies("mtl-1", 1)
    (directory / "counts").write_text("in the way")
    found = sentence_counts(directory, directory / "model.tar.gz", DEV)
    assert len(found.measures["entities/f1"])
    assert "counts cannot be kept" in caplog.text


def test_json_and_back():
    groups = {"a": TripleGroups([1, 2], ["N", "ES"])}
    counts = SentenceCounts("d", "1", "2", {"a/f1": np.arange(6).reshape(2, 3)}, groups)
    back = SentenceCounts.from_json(json.loads(json.dumps(counts.to_json())))
    assert back.measures["a/f1"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (back.data, back.data_sha256, back.archive_sha256, back.groups) == ("d", "1", "2", groups)


def test_data_that_is_not_there(copies):
    (run,) = read_runs([copies("mtl-1", 1)])
    with pytest.raises(ConfigurationError, match=r"mtl-1: nowhere\.json: no such file"):
        with_counts(run, "nowhere.json")
