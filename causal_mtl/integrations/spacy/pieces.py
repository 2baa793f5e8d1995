"""What of a `Doc` the model is given: its own tokens, blank ones left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Doc, Span

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Token


@dataclass(frozen=True)
class Piece:
    """A text that is predicted on its own: a document, or a sentence of one.

    Attributes:
        text: the text.
        tokens: offsets point into `text`.
        indices: for each of `tokens`, its index in the document.
    """

    text: str
    tokens: list[Token]
    indices: list[int]

    def span(self, doc: Doc, start: int, end: int, label: str) -> Span:
        """The tokens ``[start, end)`` of this piece as a span of `doc`."""
        return Span(doc, self.indices[start], self.indices[end - 1] + 1, label=label)


def pieces_of(doc: Doc, by_sentence: bool) -> list[Piece]:
    """The pieces of a document that have any tokens.

    Raises:
        ConfigurationError: it is asked for `by_sentence`, and has no sentences.
    """
    return [piece for piece in map(_piece, _parts(doc, by_sentence)) if piece.tokens]


def _parts(doc: Doc, by_sentence: bool) -> Iterator[Doc | Span]:
    if not by_sentence:
        yield doc
    elif doc.has_annotation("SENT_START"):
        yield from doc.sents
    elif len(doc):
        raise ConfigurationError(
            'by_sentence: the document has no sentences; add "sentencizer", or a parser, before this component'
        )


def _piece(part: Doc | Span) -> Piece:
    words = [token for token in part if token.text.strip()]
    first = part.start_char if isinstance(part, Span) else 0
    tokens = [Token(word.text, word.idx - first, word.idx - first + len(word.text)) for word in words]
    return Piece(part.text, tokens, [word.i for word in words])
