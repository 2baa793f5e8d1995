"""Labels that are given with a text to predict: by a person, or gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Annotation, Instance, Vocabulary
from causal_mtl.data.records import expect
from causal_mtl.data.schema import from_json
from causal_mtl.data.strings import expect_task_name
from causal_mtl.data.tokenizers import WhitespaceTokenizer
from causal_mtl.models import TaskGraph


def read_given(instance: Instance, given: Any, tasks: TaskGraph, vocab: Vocabulary) -> None:
    """Put labels in the form of ``annotations`` into `instance`, over those that it has.

    Raises:
        ConfigurationError: the model cannot hold them: there is no such task, label or span of tokens.
    """
    for name in expect(given, dict, "given"):
        if expect_task_name(name, "given") not in tasks:
            raise ConfigurationError(
                f"given.{name}: the model has no such task (tasks: {', '.join(t.name for t in tasks)})"
            )
    instance.annotations = {**instance.annotations, **_read(instance, given, "given")}
    _check(instance, given, tasks, vocab, "given")


def read_gold(
    instance: Instance, record: Mapping[str, Any], names: Sequence[str], tasks: TaskGraph, vocab: Vocabulary
) -> None:
    """Put the gold of some tasks, under ``annotations`` of a record, into `instance`.

    Raises:
        ConfigurationError: the record has no gold of one of them, or the model cannot hold it.
    """
    gold = _read(instance, record.get("annotations", {}), "annotations")
    for name in names:
        if name not in gold:
            raise ConfigurationError(f"annotations.{name}: is missing, but --given-gold wants it")
    instance.annotations = {name: gold[name] for name in names}
    _check(instance, names, tasks, vocab, "annotations")


def _read(instance: Instance, annotations: Any, key: str) -> dict[str, Annotation]:
    record = {
        "text": instance.text,
        "tokens": [token.text for token in instance.tokens],
        "annotations": annotations,
    }
    try:
        return from_json(record, WhitespaceTokenizer(), given=key == "given").annotations
    except ConfigurationError as error:
        renamed = error.message.removeprefix("annotations")
        raise ConfigurationError(key + renamed if renamed != error.message else error.message) from None


def _check(instance: Instance, names: Any, tasks: TaskGraph, vocab: Vocabulary, key: str) -> None:
    for name in names:
        try:
            tasks[name].check_given(instance, vocab)
        except ConfigurationError as error:
            raise ConfigurationError(f"{key}.{name}: {error.message}") from None
