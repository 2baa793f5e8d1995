"""Where the mentions that a file gives as strings stand among the tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def occurrences(tokens: Sequence[str], mention: str) -> list[tuple[int, int]]:
    """All ``[start, end)`` at which the words of `mention` stand in `tokens`, from left to right."""
    words = mention.split()
    size = len(words)
    if not size:
        return []
    return [(i, i + size) for i in range(len(tokens) - size + 1) if list(tokens[i : i + size]) == words]


def place(tokens: Sequence[str], mentions: Iterable[str]) -> dict[str, tuple[int, int]]:
    """One occurrence ``[start, end)`` for each mention; mentions that do not occur at all are missing.

    Tags can hold flat spans only, so mentions should not overlap: longer ones go first (of two as long, the
    one with fewer occurrences), and each takes its first occurrence that is still free. A mention whose every
    occurrence is taken is placed at its first one all the same: tags cannot hold it, but a relation can still
    be learnt at its words.
    """
    found = {mention: occurrences(tokens, mention) for mention in mentions}
    placed: dict[str, tuple[int, int]] = {}
    taken = [False] * len(tokens)
    for mention in sorted(found, key=lambda mention: (-len(mention.split()), len(found[mention]), mention)):
        if found[mention]:
            free = (span for span in found[mention] if not any(taken[slice(*span)]))
            start, end = placed[mention] = next(free, found[mention][0])
            taken[start:end] = [True] * (end - start)
    return placed
