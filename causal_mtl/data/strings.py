"""Which strings can be tokens and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.common.strict_json import is_text
from causal_mtl.data.instance import Token
from causal_mtl.data.records import expect, expect_key, expect_strings
from causal_mtl.data.token_lines import ESCAPES
from causal_mtl.data.tokenizers import Tokenizer


def expect_token(value: Any, where: str) -> str:
    """`value` itself if it can be a token: text without blanks at its ends, without line breaks.

    Raises:
        ConfigurationError: it cannot; the message begins with `where`.
    """
    return _checked(expect(value, str, where), where, "a token")


def expect_tokens(value: Any, where: str) -> list[str]:
    """`value` itself if it is a list of tokens (see `expect_token`)."""
    if isinstance(value, list) and all(isinstance(word, str) and word for word in value):
        together = "".join(value)
        if "@@" not in together and together.split() == [together] and is_text(together):
            return value  # the usual case, in a tenth of the time
    return [expect_token(word, f"{where}[{i}]") for i, word in enumerate(expect(value, list, where))]


def tokens_of(text: str, tokenizer: Tokenizer) -> list[Token]:
    """The tokens of raw text.

    Raises:
        ConfigurationError: one of them cannot be a token (see `expect_token`).
    """
    tokens = tokenizer.tokenize(text)
    expect_tokens([token.text for token in tokens], "text: tokens")
    return tokens


def expect_label(value: Any, where: str) -> str:
    """`value` itself if it can be a label: text without blanks at its ends, without line breaks.

    Labels that differ only in blanks at their ends would be two labels to a model and one to a person.

    Raises:
        ConfigurationError: it cannot; the message begins with `where`.
    """
    return _checked(expect(value, str, where), where, "a label")


def expect_label_at(record: dict[str, Any], key: str, where: str) -> str:
    """``record[key]`` if it is a label (see `expect_label`)."""
    return expect_label(expect_key(record, key, str, where), f"{where}: {key!r}")


def expect_text(value: Any, where: str) -> str:
    """`value` itself if it is a string that UTF-8 can hold.

    Raises:
        ConfigurationError: it is not; the message begins with `where`.
    """
    if not is_text(expect(value, str, where)):
        raise ConfigurationError(f"{where}: the string has half of a surrogate pair")
    return value


def expect_task_name(name: str, where: str) -> str:
    """`name` itself if a task can have it; the rules are those of labels.

    Raises:
        ConfigurationError: it cannot; the message begins with `where`.
    """
    return _checked(name, where, "the name of a task")


def check_strings(tokens: Sequence[str], labels: Mapping[str, Sequence[str]]) -> None:
    """Check the tokens of an instance and its labels, by task.

    Raises:
        ConfigurationError: one of them is not usable.
    """
    expect_tokens(list(tokens), "tokens")
    for task, of_task in labels.items():
        for label in expect_strings(list(of_task), f"annotations.{task}"):
            expect_label(label, f"annotations.{task}")


def _checked(string: str, where: str, what: str) -> str:
    if not string.strip():
        raise ConfigurationError(f"{where}: {what} cannot be {'blank' if string else 'empty'}")
    if string[0].isspace() or string[-1].isspace():
        raise ConfigurationError(f"{where}: {what} cannot begin or end with a blank, got {string!a}")
    if len(string.splitlines()) > 1 or any(escape in string for escape in ESCAPES.values()):
        raise ConfigurationError(f"{where}: {what} cannot have a line break (or its escape), got {string!a}")
    return expect_text(string, where)
