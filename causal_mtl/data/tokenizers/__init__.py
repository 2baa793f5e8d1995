"""From raw text to tokens."""

from causal_mtl.data.tokenizers.spacy import SpacyTokenizer
from causal_mtl.data.tokenizers.tokenizer import Tokenizer
from causal_mtl.data.tokenizers.whitespace import WhitespaceTokenizer

__all__ = ["SpacyTokenizer", "Tokenizer", "WhitespaceTokenizer"]
