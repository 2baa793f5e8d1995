"""The features of a loader's sentences: found on disk, or computed and kept there."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from causal_mtl.data.loader import Loader
from causal_mtl.nn.token_embedders import FixedFeatures
from causal_mtl.training.frozen_cache.compute import NotHalfError, computed
from causal_mtl.training.frozen_cache.files import VARIABLE, EntryFiles
from causal_mtl.training.frozen_cache.locks import alone_with
from causal_mtl.training.frozen_cache.note import Note, write_use
from causal_mtl.training.frozen_cache.sentences import Sentences, read_sentences
from causal_mtl.training.frozen_cache.stored import StoredFeatures
from causal_mtl.training.frozen_cache.table import DamagedTableError, Table, open_table, write_table

logger = logging.getLogger(__name__)

FORMAT = 1
"""Of the tables and of the order in which they hold sentences."""


@dataclass(frozen=True)
class Wanted:
    """The features of all sentences of a loader.

    Attributes:
        name: of the token indexer.
        fixed: what computes them.
        loader: of the data.
        source: names the data, for people.
        device: of `fixed`.
    """

    name: str
    fixed: FixedFeatures
    loader: Loader
    source: str
    device: torch.device

    def __str__(self) -> str:
        return f"features of {self.fixed.source} for {self.source}"


def stored_features(wanted: Wanted, directory: Path, *, make: bool) -> StoredFeatures | None:
    """Open the table of these features; if there is none, make it.

    What keeps a table from being written or read is a warning: training can do without.

    Args:
        wanted: the features.
        directory: of the cache.
        make: False: return None where there is none yet.
    """
    sentences = read_sentences(wanted.loader, wanted.name, wanted.fixed)
    shape = (len(sentences.dropped), *wanted.fixed.shape)
    entry = EntryFiles(directory, key_of(wanted.fixed, sentences))
    try:
        # Before making it anew one looks again, and says what is wrong.
        table = _opened(wanted, entry, shape, logging.DEBUG if make else logging.WARNING)
        if table is None:
            if not make:
                return None
            table = _made(wanted, entry, shape, sentences)
    except (OSError, NotHalfError) as error:
        logger.warning(
            "the %s cannot be kept, so every epoch computes them anew: %s. (Name a directory with more space by "
            "%s, or set the embedder's cache to false.)",
            *(wanted, error, VARIABLE),
        )
        return None
    return StoredFeatures(table, sentences)


def key_of(fixed: FixedFeatures, sentences: Sentences) -> str:
    """The SHA-256 of all that the features depend on."""
    parts = {"format": FORMAT, "sentences": sentences.hash, "features": fixed.depends_on()}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _made(wanted: Wanted, entry: EntryFiles, shape: tuple[int, ...], sentences: Sentences) -> Table:
    """Compute the table, unless another process does."""
    entry.directory.mkdir(parents=True, exist_ok=True)
    with alone_with(entry.lock):
        table = _opened(wanted, entry, shape, logging.WARNING)
        if table is not None:  # another process was faster
            return table
        logger.info("computing the %s: %d sentences", wanted, len(wanted.loader))
        started = time.perf_counter()
        blocks = computed(wanted.fixed, wanted.loader, wanted.name, sentences, wanted.device)
        write_table(entry.table, shape, blocks)
        seconds = time.perf_counter() - started
        table = open_table(entry.table, shape)
        logger.info("computed in %.1f s, %.1f MB: %s", seconds, table.rows.nbytes / 1e6, entry.table)
        write_use(entry, _note(wanted, shape, _how(wanted, seconds)))
        return table


def _opened(wanted: Wanted, entry: EntryFiles, shape: tuple[int, ...], damage: int) -> Table | None:
    """The table, if it is there and whole; that it is damaged is logged at the level `damage`."""
    try:
        table = open_table(entry.table, shape)
    except FileNotFoundError:
        return None
    except DamagedTableError as error:
        logger.log(damage, "the %s are damaged (%s) and not used: %s", wanted, error, entry.table)
        return None
    logger.info("the %s are read from %s", wanted, entry.table)
    write_use(entry, _note(wanted, shape, {}))
    return table


def _note(wanted: Wanted, shape: tuple[int, ...], made: dict[str, Any]) -> Note:
    return Note(wanted.fixed.source, [wanted.source], len(wanted.loader), list(shape), made)


def _how(wanted: Wanted, seconds: float) -> dict[str, Any]:
    return {
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "device": wanted.device.type,
        "threads": torch.get_num_threads(),
        "format": FORMAT,
    }
