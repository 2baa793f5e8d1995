"""Labels that a person gives with a text to predict."""

from __future__ import annotations

from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Instance, Vocabulary
from causal_mtl.data.records import expect
from causal_mtl.data.schema import from_json
from causal_mtl.data.strings import expect_task_name
from causal_mtl.data.tokenizers import WhitespaceTokenizer
from causal_mtl.models import TaskGraph


def read_given(instance: Instance, given: Any, tasks: TaskGraph, vocab: Vocabulary) -> None:
    """Put labels in the form of ``annotations`` into `instance`.

    Raises:
        ConfigurationError: the model cannot hold them: there is no such task, label or span of tokens.
    """
    for name in expect(given, dict, "given"):
        if expect_task_name(name, "given") not in tasks:
            raise ConfigurationError(
                f"given.{name}: the model has no such task (tasks: {', '.join(t.name for t in tasks)})"
            )
    record = {
        "text": instance.text,
        "tokens": [token.text for token in instance.tokens],
        "annotations": given,
    }
    try:
        instance.annotations = from_json(record, WhitespaceTokenizer()).annotations
    except ConfigurationError as error:
        raise ConfigurationError(_renamed(error.message)) from None
    for name in instance.annotations:
        try:
            tasks[name].check_given(instance, vocab)
        except ConfigurationError as error:
            raise ConfigurationError(f"given.{name}: {error.message}") from None


def _renamed(message: str) -> str:
    """The key is called ``given`` here."""
    return "given" + message.removeprefix("annotations") if message.startswith("annotations") else message
