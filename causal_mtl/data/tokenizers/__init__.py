"""From raw text to tokens."""

from causal_mtl.data.tokenizers.character import CharacterTokenizer
from causal_mtl.data.tokenizers.chinese import JiebaTokenizer, ThulacTokenizer
from causal_mtl.data.tokenizers.spacy import SpacyTokenizer
from causal_mtl.data.tokenizers.tokenizer import Tokenizer
from causal_mtl.data.tokenizers.whitespace import WhitespaceTokenizer

__all__ = [
    "CharacterTokenizer",
    "JiebaTokenizer",
    "SpacyTokenizer",
    "ThulacTokenizer",
    "Tokenizer",
    "WhitespaceTokenizer",
]
