"""What a prediction missed and what it made up, item by item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from causal_mtl.data import Annotation, Instance
from causal_mtl.data.schema import to_json


def compare(
    instance: Instance, gold: Mapping[str, Annotation], predicted: Mapping[str, Annotation]
) -> dict[str, dict[str, list[Any]]]:
    """The differences of one sentence, by task; tasks without any, or not predicted, are absent.

    Items are compared as `exact` does: labels and whole mentions, by their text where gold has `by_text`. Gold
    that the reader could not place is missed in any case.

    Returns:
        ``{task: {"missed": items, "spurious": items}}``, items as in the `jsonl` schema.
    """
    differences = {}
    for task, annotation in gold.items():
        if task not in predicted:  # of the data, but not of the model
            continue
        by_text = getattr(annotation, "by_text", False)
        wanted = _items(instance, annotation, by_text)
        given = _items(instance, predicted[task], by_text)
        missed = [item for key, item in wanted.items() if key not in given]
        missed += [list(item) for item in getattr(annotation, "unplaced", ())]
        spurious = [item for key, item in given.items() if key not in wanted]
        if missed or spurious:
            differences[task] = {"missed": missed, "spurious": spurious}
    return differences


def _items(instance: Instance, annotation: Annotation, by_text: bool) -> dict[Any, Any]:
    """The items of an annotation as JSON, by what is compared of them."""
    value = to_json(instance, {"": annotation})["annotations"][""]
    items = next(value[kind] for kind in ("spans", "relations", "labels") if kind in value)
    return {_key(item, by_text): item for item in items}


def _key(item: Any, by_text: bool) -> Any:
    if not isinstance(item, dict):
        return item
    if "head" in item:
        ends = ({k: v for k, v in item[end].items() if k != "label"} for end in ("head", "tail"))
        return (item["label"], *(_key(end, by_text) for end in ends))
    if by_text:
        return item.get("label"), item["text"]
    return item.get("label"), item["start"], item["end"]
