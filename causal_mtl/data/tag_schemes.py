"""Spans as one tag per token, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from causal_mtl.data.instance import Span

SchemeName = Literal["BIO", "BIOUL", "BIOES"]
_LAST_AND_SINGLE = {"BIO": ("I", "B"), "BIOUL": ("L", "U"), "BIOES": ("E", "S")}
_AS_BIOES = {"BIO": {"B": "BS", "I": "IE"}, "BIOUL": {"L": "E", "U": "S"}, "BIOES": {}}


class Transitions(NamedTuple):
    """Which tags may follow each other; all by index into the list of tags."""

    pairs: set[tuple[int, int]]
    start: set[int]
    end: set[int]


@dataclass(frozen=True)
class TagScheme:
    """Spans as one tag per token: "BIO", "BIOUL" (``U`` for a span of one token, ``L`` the last) or "BIOES".

    Tags hold flat spans only: see `drop_overlaps`.
    """

    name: SchemeName

    def __post_init__(self) -> None:
        if self.name not in _LAST_AND_SINGLE:
            raise ValueError(f"no tag scheme {self.name!r}: there are {', '.join(_LAST_AND_SINGLE)}")

    @property
    def _prefixes(self) -> tuple[str, ...]:
        return ("B", "I") if self.name == "BIO" else ("B", "I", *_LAST_AND_SINGLE[self.name])

    def tags(self, types: Iterable[str]) -> list[str]:
        """All tags for spans of these types: "O", then those of each type in the order given."""
        return ["O", *(f"{prefix}-{label}" for label in types for prefix in self._prefixes)]

    def meanings(self, tags: Iterable[str]) -> list[str]:
        """Each tag as all that BIOES could write in its place: the same in two schemes if it means the same.

        BIO's "B-x", which may be the whole span, is "BS-x", not the "B-x" of the others.
        """
        parts = (tag.partition("-") for tag in tags)
        return [_AS_BIOES[self.name].get(prefix, prefix) + dash + label for prefix, dash, label in parts]

    def encode(self, spans: Sequence[Span], length: int) -> list[str]:
        """One tag for each of `length` tokens.

        Raises:
            ValueError: a span is empty, lies outside the tokens or overlaps another.
        """
        last, single = _LAST_AND_SINGLE[self.name]
        tags = ["O"] * length
        for span in spans:
            if not 0 <= span.start < span.end <= length:
                raise ValueError(f"{span} does not lie within {length} tokens")
            if any(tag != "O" for tag in tags[span.start : span.end]):
                raise ValueError(f"{span} overlaps another span: tags can hold flat spans only")
            size = span.end - span.start
            prefixes = [single] if size == 1 else ["B", *"I" * (size - 2), last]
            tags[span.start : span.end] = [f"{prefix}-{span.label}" for prefix in prefixes]
        return tags

    def decode(self, tags: Sequence[str], strict: bool = False) -> list[Span]:
        """The spans that `tags` spell, in order of position.

        Lenient decoding repairs as conlleval does: a tag that cannot continue the span before it (other type,
        or no span open) starts a new one, and a span that is never closed ends before the next tag that is
        not its own. Strict decoding gives the well-formed spans only.
        """
        spans: list[Span] = []
        start, label, sound = 0, "", False  # the open span; label "" means none is open

        def close(end: int, properly: bool) -> None:
            nonlocal label
            if label and (not strict or (sound and properly)):
                spans.append(Span(start, end, label))
            label = ""

        open_ended = self.name == "BIO"  # a span needs no closing tag
        for i, tag in enumerate(tags):
            prefix, _, new = tag.partition("-")
            continues = prefix in ("I", "L", "E") and new == label and label != ""
            if not continues:
                close(i, open_ended)
                if prefix == "O":
                    continue
                start, label, sound = i, new, prefix in ("B", "U", "S")
            if prefix in ("L", "E", "U", "S"):
                close(i + 1, True)
        close(len(tags), open_ended)
        return spans

    @staticmethod
    def drop_overlaps(spans: Iterable[Span]) -> tuple[list[Span], list[Span]]:
        """Split `spans` into flat ones that tags can hold and the rest, both in order of position.

        Longer spans go first, then earlier ones. The same span given twice is kept once and not dropped.
        """
        kept: list[Span] = []
        dropped: list[Span] = []
        for span in sorted(set(spans), key=lambda span: (span.start - span.end, span)):
            clash = any(map(span.overlaps, kept))
            (dropped if clash else kept).append(span)
        return sorted(kept), sorted(dropped)

    def allowed_transitions(self, tags: Sequence[str]) -> Transitions:
        """Which of `tags` may follow which, begin and end a sentence, in well-formed sequences."""
        parts = [(tag.partition("-")[0], tag.partition("-")[2]) for tag in tags]
        inner = ("I", "L", "E")

        def may_follow(before: tuple[str, str], after: tuple[str, str]) -> bool:
            may_go_on = before[0] in ("B", "I")
            if after[0] in inner:
                return may_go_on and before[1] == after[1]
            return not may_go_on or self.name == "BIO"

        pairs = {(i, j) for i, a in enumerate(parts) for j, b in enumerate(parts) if may_follow(a, b)}
        start = {i for i, (prefix, _) in enumerate(parts) if prefix not in inner}
        end = {i for i, part in enumerate(parts) if may_follow(part, ("O", ""))}
        return Transitions(pairs, start, end)
