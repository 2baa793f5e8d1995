"""Reading word vectors from GloVe and word2vec text files."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np

from causal_mtl.common import ConfigurationError


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    """`path` as text: plain, .gz, or a .zip that holds one file."""
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="\n") as lines:
            yield lines
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            if len(names) != 1:
                raise ConfigurationError(
                    f"{path}: expected one file of vectors in the archive, found {names}"
                )
            with archive.open(names[0]) as raw:
                yield io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="\n")
    else:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            yield lines


def read_word_vectors(
    path: Path, dimension: int, max_words: int | None = None
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield `(word, vector)` in the order of the file, the first of repeated words only.

    Words may contain blanks (some GloVe files do): the last `dimension` fields are the vector. A first line
    of two numbers (word2vec) is skipped.

    Raises:
        ConfigurationError: a line has fewer than `dimension` numbers; names file and line.
    """
    seen: set[str] = set()
    with _open(path) as lines:
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
