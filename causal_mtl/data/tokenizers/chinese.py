"""Chinese word segmenters."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from functools import cached_property
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Token
from causal_mtl.data.offsets import align_words
from causal_mtl.data.tokenizers.tokenizer import Tokenizer


class ChineseTokenizer(Tokenizer):
    """Words of a segmenter, which is imported when the first text comes; needs the extra ``[chinese]``."""

    def tokenize(self, text: str) -> list[Token]:  # noqa: D102
        # Between blanks: what segmenters make of blanks differs.
        words = [word for piece in text.split() for word in self.cut(piece)]
        return align_words(text, words)

    def cut(self, text: str) -> Iterable[str]:
        """The words of a text without blanks, which they must spell."""
        raise NotImplementedError

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_segmenter"}


@Tokenizer.register("jieba")
class JiebaTokenizer(ChineseTokenizer):
    """The words of jieba; needs the extra ``[chinese]``. Registered as a `Tokenizer` with name "jieba"."""

    @cached_property
    def _segmenter(self) -> Any:
        try:
            import jieba
        except ImportError:
            raise ConfigurationError(_missing("jieba")) from None
        jieba.setLogLevel(logging.WARNING)
        return jieba.Tokenizer()

    def cut(self, text: str) -> Iterable[str]:  # noqa: D102
        return self._segmenter.lcut(text)


@Tokenizer.register("thulac")
class ThulacTokenizer(ChineseTokenizer):
    """The words of THULAC, which the CMTL paper used; needs the extra ``[chinese]``.

    Registered as a `Tokenizer` with name "thulac".
    """

    @cached_property
    def _segmenter(self) -> Any:
        try:
            import thulac
        except ImportError:
            raise ConfigurationError(_missing("thulac")) from None
        with redirect_stdout(sys.stderr):  # it says that it loaded its model
            return thulac.thulac(seg_only=True)

    def cut(self, text: str) -> Iterable[str]:  # noqa: D102
        return [word for word, _ in self._segmenter.cut(text)]


def _missing(package: str) -> str:
    return f"the tokenizer {package!r} needs the package {package}: pip install 'causal-mtl[chinese]'"
