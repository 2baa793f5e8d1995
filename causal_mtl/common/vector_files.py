"""The lines of a text file of word vectors (GloVe, word2vec, fastText), for all who read one."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from causal_mtl.common.files import open_text

logger = logging.getLogger(__name__)


def vector_lines(path: str) -> Iterator[tuple[int, list[str]]]:
    """The number and the fields of each line, separated by blanks or tabs: a word, then its numbers.

    Blank lines are passed over, and so is a first line of two integers (word2vec's count and width). Bytes that
    are not UTF-8 become U+FFFD, as files made from web pages have some; a warning names the first such line.

    Args:
        path: plain, .gz or .zip, or a URL.
    """
    invalid = 0
    with open_text(path, errors="surrogateescape", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.isascii() and (repaired := _repaired(line)) != line:
                invalid += 1
                if invalid == 1:
                    logger.warning("%s:%d: not UTF-8; such bytes are read as U+FFFD", path, number)
                line = repaired
            fields = line.strip(" \t\r\n").replace("\t", " ").split(" ")
            is_count = number == 1 and len(fields) == 2 and fields[0].isdecimal() and fields[1].isdecimal()
            if fields != [""] and not is_count:
                yield number, [field for field in fields if field] if "" in fields else fields


def vector_width(fields: Sequence[str]) -> int:
    """How many numbers a line ends with: all its fields but the first that can be read as numbers.

    A word may have blanks, so the width of a file is that of a line whose word has none: usually the first.
    """
    width = 0
    for field in reversed(fields[1:]):
        if not _is_number(field):
            break
        width += 1
    return width


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _repaired(line: str) -> str:
    return line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
