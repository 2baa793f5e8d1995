from causal_mtl.common.differences import ABSENT, differences


def test_every_key_that_differs():
    one = {"model": {"tasks": [{"name": "a"}, {"name": "b", "weight": 1}]}, "gone": {}, "same": [1, {}]}
    other = {"model": {"tasks": [{"name": "a"}, {"name": "b", "weight": 2}]}, "new": None, "same": [1, {}]}
    assert differences(one, one) == []
    assert differences(one, other) == [
        ("model.tasks[1].weight", 1, 2),
        ("gone", {}, ABSENT),
        ("new", ABSENT, None),
    ]


def test_an_item_more():
    assert differences({"a": [1]}, {"a": [1, 2]}) == [("a[1]", ABSENT, 2)]
    assert differences({"a": [1]}, {"a": []}) == [("a[0]", 1, ABSENT), ("a", ABSENT, [])]
