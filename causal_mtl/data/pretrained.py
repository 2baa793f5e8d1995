"""The words of a file of word vectors."""

from __future__ import annotations

from causal_mtl.common import open_text


def read_pretrained_words(path: str) -> list[str]:
    """The words of a vectors file (GloVe or word2vec text; .gz and .zip too), in its order, each once.

    A first line of two numbers (word2vec's count and width) is no word. A word may hold blanks: the width of
    the first vector says how many numbers each line ends with.
    """
    words: dict[str, None] = {}
    width = 0
    with open_text(path, errors="replace", newline="\n") as file:
        for number, line in enumerate(file):
            line = line.rstrip()
            fields = line.count(" ")
            if not line or (number == 0 and fields == 1):
                continue
            width = width or fields
            words[line.rsplit(" ", width)[0]] = None
    return list(words)
