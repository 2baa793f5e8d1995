import pytest

from causal_mtl.common import ConfigurationError
from causal_mtl.models import TaskGraph
from causal_mtl.tasks import RelationExtraction, SequenceTagging


def names(graph):
    return [task.name for task in graph]


def test_parents_are_all_earlier_tasks_unless_named():
    graph = TaskGraph([SequenceTagging("a"), SequenceTagging("b", parents=[]), SequenceTagging("c")])
    assert graph.parents == {"a": (), "b": (), "c": ("a", "b")}
    assert names(graph) == ["a", "b", "c"]


def test_a_task_comes_after_what_it_depends_on():
    graph = TaskGraph(
        [RelationExtraction("relations", mentions="spans", parents=[]), SequenceTagging("spans", parents=[])]
    )
    assert names(graph) == ["spans", "relations"]


def test_all_mistakes_are_told_at_once():
    tasks = [
        SequenceTagging("entities"),
        SequenceTagging("entities"),
        RelationExtraction("relations", mentions="entites", parents=["nobody"]),
        RelationExtraction("more", mentions="relations"),
    ]
    with pytest.raises(ConfigurationError) as error:
        TaskGraph(tasks)
    message = str(error.value)
    assert "tasks[1].name: another task is called 'entities'" in message
    assert "tasks[2].mentions: no task is called 'entites'; did you mean 'entities'?" in message
    assert "tasks[2].parents: no task is called 'nobody'" in message
    assert "tasks[3].mentions: 'relations' yields relations, but spans are needed" in message


def test_a_circle_is_an_error():
    with pytest.raises(ConfigurationError, match=r"circle: .*a.*b"):
        TaskGraph([SequenceTagging("a", parents=["b"]), SequenceTagging("b", parents=["a"])])


def test_metric_names_of_all_tasks():
    graph = TaskGraph([SequenceTagging("entities"), RelationExtraction("relations")])
    assert {"entities/f1", "relations/exact_f1"} <= set(graph.measures())


def test_a_parent_named_twice_is_an_error():
    with pytest.raises(ConfigurationError, match=r"tasks\[1\].parents: 'a' is named 2 times"):
        TaskGraph([SequenceTagging("a"), SequenceTagging("b", parents=["a", "a"])])
