"""Reading word vectors from GloVe and word2vec text files."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from causal_mtl.common import ConfigurationError, open_text


def read_word_vectors(
    path: str, dimension: int, max_words: int | None = None
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield `(word, vector)` in the order of the file, the first of repeated words only.

    Words may contain blanks (some GloVe files do): the last `dimension` fields are the vector. A first line
    of two numbers (word2vec) is skipped.

    Raises:
        ConfigurationError: a line has fewer than `dimension` numbers; names file and line.
    """
    seen: set[str] = set()
    with open_text(path, errors="replace", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            fields = line.rstrip().split(" ")
            if number == 1 and len(fields) == 2 and dimension != 1:
                continue
            try:
                if len(fields) <= dimension:
                    raise ValueError
                vector = np.array(fields[-dimension:], dtype=np.float32)
            except ValueError:
                raise ConfigurationError(
                    f"{path}:{number}: expected a word and {dimension} numbers, found {len(fields) - 1} after the "
                    "word; set `embedding_dim` to the width of the file"
                ) from None
            word = " ".join(fields[:-dimension])
            if word not in seen:
                seen.add(word)
                yield word, vector
            if max_words is not None and len(seen) >= max_words:
                return
