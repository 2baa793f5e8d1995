"""Word pieces of tokens, by a fast tokenizer of Hugging Face."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from causal_mtl.common import ConfigurationError
from causal_mtl.common.pretrained_models import (
    first_lines,
    max_pieces,
    offline_problem,
    pretrained_model,
    read_transformer_config,
)
from causal_mtl.common.strict_json import read_json_object
from causal_mtl.data.vocabulary import OOV_TOKEN

TOKENIZER, SETTINGS = "tokenizer.json", "tokenizer_config.json"
MASKS = ("[MASK]", "<mask>", "[UNK]", "<unk>")
"""How tokenizers call what stands for a hidden word, the best first."""
_LONGEST = 1_000_000
"""transformers gives tokenizers without a limit one of 10³⁰."""


@dataclass
class PieceTokenizer:
    """Cuts tokens into pieces. Only ``tokenizer.json`` decides how; no Python code belongs to it.

    Text that reads like a special piece ("[SEP]") is text.

    Attributes:
        specification: the content of ``tokenizer.json``.
        limit: the most pieces, special ones included, that the transformer takes; None: any number.
    """

    specification: dict[str, Any]
    limit: int | None
    prefix: list[int] = field(init=False)
    suffix: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._tokenizer = _backend(self.specification)
        self.prefix, self.suffix = _special_pieces(self._tokenizer)

    def pieces(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The pieces of a sentence, and the index of the word of each, ascending; a word can have none.

        A hidden word (``@@UNKNOWN@@``) is one mask.
        """
        shown = ["" if word == OOV_TOKEN else word for word in words]
        encoded = self._tokenizer.encode(shown, is_pretokenized=True, add_special_tokens=False)
        ids, owners = (np.array(one, dtype=np.int64) for one in (encoded.ids, encoded.word_ids))
        hidden = np.array([index for index, word in enumerate(words) if word == OOV_TOKEN], dtype=np.int64)
        if not len(hidden):
            return ids, owners
        owners = np.concatenate([owners, hidden])
        ids = np.concatenate([ids, np.full(len(hidden), self._mask())])
        order = np.argsort(owners, kind="stable")
        return ids[order], owners[order]

    def _mask(self) -> int:
        """The piece that stands for a hidden word."""
        for piece in MASKS:
            if (index := self._tokenizer.token_to_id(piece)) is not None:
                return int(index)
        raise ConfigurationError(
            f"this tokenizer has none of the pieces {', '.join(MASKS)}: no word can be hidden"
        )


def read_pretrained(name: str, files: Path) -> PieceTokenizer:
    """The tokenizer of a transformer; its files are written to `files`.

    Args:
        name: a folder or hub model.
        files: a folder.

    Raises:
        ConfigurationError: there is none, or only one that is written in Python.
    """
    config = read_transformer_config(name)
    tokenizer = _fast_tokenizer(name)
    limits = [
        limit for limit in (tokenizer.model_max_length, max_pieces(config)) if limit and limit <= _LONGEST
    ]
    tokenizer.model_max_length = min(limits) if limits else _LONGEST
    tokenizer.save_pretrained(files)
    return read_files(files)


def read_files(files: Path) -> PieceTokenizer:
    """The tokenizer that `read_pretrained` wrote to a folder, which may be a stranger's by now.

    Raises:
        ConfigurationError: a file is missing or is not as it should be.
    """
    for name in (TOKENIZER, SETTINGS):
        if not (files / name).is_file():
            raise ConfigurationError(f"the archive has no {name} for this token indexer")
    limit = read_json_object(files / SETTINGS).get("model_max_length")
    if type(limit) is not int or not 0 < limit <= _LONGEST:
        raise ConfigurationError(f"{SETTINGS}: model_max_length: expected 1 to {_LONGEST:,}, got {limit!r}")
    try:
        specification = json.loads((files / TOKENIZER).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{TOKENIZER}: damaged: {error}") from None
    if not isinstance(specification, dict):
        raise ConfigurationError(f"{TOKENIZER}: expected an object at the top")
    return PieceTokenizer(specification, limit if limit < _LONGEST else None)


def _fast_tokenizer(name: str) -> Any:
    model = pretrained_model(name)
    if problem := offline_problem(model):
        raise ConfigurationError(problem)
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(model.source, use_fast=True, **model.arguments())
    except Exception as error:  # transformers raises OSError, ValueError, ImportError and the hub's own
        raise ConfigurationError(f"the tokenizer of {name!r} cannot be read: {first_lines(error)}") from error
    if not tokenizer.is_fast:
        raise ConfigurationError(
            f"{name!r} has no fast tokenizer (a {TOKENIZER}), which aligns pieces with tokens"
        )
    return tokenizer


def _backend(specification: dict[str, Any]) -> Any:
    """A tokenizer that neither cuts nor pads, and takes each token as a word of its own."""
    from tokenizers import Tokenizer

    changed = {**specification, "truncation": None, "padding": None}
    changed["pre_tokenizer"] = _with_blanks(specification.get("pre_tokenizer"))
    try:
        tokenizer = Tokenizer.from_str(json.dumps(changed))
        tokenizer.encode_special_tokens = True
    except BaseException as error:  # a panic of the Rust library is no Exception
        if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
            raise
        raise ConfigurationError(f"{TOKENIZER}: not the file of a tokenizer: {first_lines(error)}") from None
    return tokenizer


def _with_blanks(pre_tokenizer: Any) -> Any:
    """Tokens are looked up as words after a blank, where the tokenizer tells these from other pieces."""
    if not isinstance(pre_tokenizer, dict):
        return pre_tokenizer
    changed = dict(pre_tokenizer)
    if changed.get("type") == "ByteLevel":
        changed["add_prefix_space"] = True
    elif changed.get("type") == "Metaspace":
        changed["prepend_scheme"] = "always"
    elif isinstance(changed.get("pretokenizers"), list):
        changed["pretokenizers"] = [_with_blanks(part) for part in changed["pretokenizers"]]
    return changed


def _special_pieces(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The special pieces before and after a sentence."""
    encoded = tokenizer.encode(["a"], is_pretokenized=True)
    real = [place for place, special in enumerate(encoded.special_tokens_mask) if not special]
    if not real:
        raise ConfigurationError(f"{TOKENIZER}: this tokenizer has no piece for 'a'")
    return encoded.ids[: real[0]], encoded.ids[real[-1] + 1 :]
