"""The words of a file of word vectors."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from causal_mtl.common import ConfigurationError
from causal_mtl.common.files import local_path


def read_pretrained_words(path: str) -> list[str]:
    """The words of a vectors file (GloVe or word2vec text; .gz and .zip too), in its order, each once.

    A first line of two numbers (word2vec's count and width) is no word. A word may hold blanks: the width of
    the first vector says how many numbers each line ends with.
    """
    words: dict[str, None] = {}
    width = 0
    with _open(path) as file:
        for number, line in enumerate(file):
            line = line.rstrip()
            fields = line.count(" ")
            if not line or (number == 0 and fields == 1):
                continue
            width = width or fields
            words[line.rsplit(" ", width)[0]] = None
    return list(words)


@contextmanager
def _open(path: str) -> Iterator[TextIO]:
    """A text file, the text in a .gz, or the only text in a .zip."""
    file = local_path(path)
    if file.suffix == ".gz":
        with gzip.open(file, "rt", encoding="utf-8") as text:
            yield text
    elif file.suffix == ".zip":
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            if len(names) != 1:
                raise ConfigurationError(f"{path}: expected one file in the archive, got {len(names)}")
            with archive.open(names[0]) as raw:
                yield io.TextIOWrapper(raw, encoding="utf-8")
    else:
        with file.open(encoding="utf-8") as text:
            yield text
