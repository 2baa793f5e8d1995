"""Reading word vectors from GloVe and word2vec text files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from causal_mtl.common import ConfigurationError
from causal_mtl.common.vector_files import vector_lines, vector_width


def read_word_vectors(
    path: str, dimension: int, max_words: int | None = None
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield `(word, vector)` in the order of the file, the first of repeated words only.

    Words may contain blanks (some GloVe files do): the last `dimension` fields are the vector. What lines may
    look like else: see `vector_lines`.

    Raises:
        ConfigurationError: the vectors of the file have another width than `dimension`, or a line does not end
            with so many finite numbers; names file and line.
    """
    seen: set[str] = set()
    for number, fields in vector_lines(path):
        if not seen and _has_other_width(fields, dimension):
            width = vector_width(fields)
            raise ConfigurationError(
                f"{path}:{number}: the vectors of this file have {width} numbers: set `embedding_dim` to {width}, "
                f"it is {dimension}"
            )
        vector = _vector(fields, dimension, f"{path}:{number}")
        word = " ".join(fields[:-dimension])
        if word not in seen:
            seen.add(word)
            yield word, vector
        if max_words is not None and len(seen) >= max_words:
            return


def _has_other_width(fields: Sequence[str], dimension: int) -> bool:
    """Whether a first line, a word and numbers only, shows that vectors are not of `dimension` numbers."""
    width = vector_width(fields)
    return width > dimension or 0 < width == len(fields) - 1 < dimension


def _vector(fields: Sequence[str], dimension: int, where: str) -> np.ndarray:
    if len(fields) <= dimension:
        raise ConfigurationError(
            f"{where}: expected a word and {dimension} numbers, got {len(fields) - 1} after the word; is the file "
            "cut short?"
        )
    numbers = fields[-dimension:]
    try:
        with np.errstate(over="ignore"):  # a number that is too large becomes infinite
            vector = np.array(numbers, dtype=np.float32)
    except ValueError:
        raise ConfigurationError(
            f"{where}: expected {dimension} numbers at the end of the line, got {_first_bad(numbers)!r}"
        ) from None
    if not np.isfinite(vector).all():
        bad = numbers[int(np.flatnonzero(~np.isfinite(vector))[0])]
        raise ConfigurationError(f"{where}: {bad!r} is NaN, or too large for a 32-bit floating-point number")
    return vector


def _first_bad(fields: Sequence[str]) -> str:
    return next((field for field in fields if vector_width(["", field]) == 0), fields[0])
