"""``doc._.relations``: stored as plain values, so that a `Doc` can be written and sent, and read as objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spacy.tokens import Doc, Span

from causal_mtl.common import ConfigurationError

USER_DATA = "causal_mtl"
"""The key of ``doc.user_data`` below which each component keeps, by its name, what it has set."""


@dataclass(frozen=True)
class Relation:
    """A labelled, ordered pair of spans.

    Attributes:
        head: with the label of its mention.
        label: of the relation.
        tail: with the label of its mention.
        score: the probability of the label.
        task: that predicted it.
    """

    head: Span
    label: str
    tail: Span
    score: float | None
    task: str


def pack_span(span: Span) -> list[Any]:
    """A span as plain values. Characters, not tokens: merging and splitting tokens leaves them as they are."""
    return [span.start_char, span.end_char, span.label_]


def relations_of(doc: Doc) -> list[Relation]:
    """All relations that components of this library have found in `doc`."""
    return [
        Relation(_span(doc, head), label, _span(doc, tail), score, task)
        for record in doc.user_data.get(USER_DATA, {}).values()
        for task, label, head, tail, score in record["relations"]
    ]


def _span(doc: Doc, packed: Sequence[Any]) -> Span:
    start, end, label = packed
    span = doc.char_span(start, end, label=label, alignment_mode="expand")
    assert span is not None  # only None where the characters are not in the document
    return span


def add_extension(attribute: str) -> None:
    """Make ``doc._.<attribute>`` the relations.

    Raises:
        ConfigurationError: another package has set it up already.
    """
    if Doc.has_extension(attribute):
        if Doc.get_extension(attribute)[2] is not relations_of:
            raise ConfigurationError(
                f"relations_attribute: doc._.{attribute} belongs to something else already; choose another name"
            )
    else:
        Doc.set_extension(attribute, getter=relations_of)
