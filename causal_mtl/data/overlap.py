"""How the triples of a sentence overlap: the kinds that papers on NYT and WebNLG report scores by."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Literal

OverlapKind = Literal["Normal", "EPO", "SEO"]


def overlap_kinds(triples: Iterable[tuple[Hashable, str, Hashable]]) -> frozenset[OverlapKind]:
    """The kinds of a sentence with these ``(head, relation, tail)``; none where there is no triple.

    As in the scripts of CasRel, which later papers follow: "EPO" (entity pair overlap) if two triples have
    the same head and tail; "SEO" (single entity overlap) if two *different* pairs share an entity, or a
    triple's head is its tail; a sentence can be both. "Normal" if neither.
    """
    pairs = [(head, tail) for head, _, tail in set(triples)]
    ends = [end for pair in set(pairs) for end in pair]
    kinds: set[OverlapKind] = set()
    if len(set(pairs)) < len(pairs):
        kinds.add("EPO")
    if len(set(ends)) < len(ends):
        kinds.add("SEO")
    return frozenset(kinds or (["Normal"] if pairs else []))
