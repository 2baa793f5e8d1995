"""The words of a file of word vectors."""

from __future__ import annotations

from causal_mtl.common.vector_files import vector_lines, vector_width


def read_pretrained_words(path: str) -> list[str]:
    """The words of a vectors file (GloVe or word2vec text; .gz and .zip too), in its order, each once.

    A first line of two integers (word2vec's count and width) is no word. A word may hold blanks: the width of
    the first vector says how many numbers each line ends with.
    """
    words: dict[str, None] = {}
    width = 0
    for _, fields in vector_lines(path):
        width = width or vector_width(fields)
        words[" ".join(fields[: len(fields) - width]) or fields[0]] = None
    return list(words)
