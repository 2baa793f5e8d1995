"""``causal-mtl cache``."""

from __future__ import annotations

import argparse
import math
import time
from typing import TYPE_CHECKING, Any

from causal_mtl.commands.output import STANDARD, write_text

if TYPE_CHECKING:
    from causal_mtl.training.frozen_cache.pruning import Entry

_GB = 1e9
_DAY = 86_400.0


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser: argparse.ArgumentParser = subcommands.add_parser(
        "cache",
        help="list or delete the kept features of frozen transformers",
        description="Features of frozen transformers are computed once for each data set and kept in "
        "$CAUSAL_MTL_CACHE (default: causal_mtl/features below $XDG_CACHE_HOME, or else below ~/.cache). List "
        "them, or delete some: they are computed anew when they are needed. "
        "What a process reads or computes at the time is not deleted.",
    )
    parser.add_argument("action", choices=("list", "prune"), help="what to do")
    parser.add_argument(
        "--older-than",
        metavar="DAYS",
        type=_not_negative,
        help="prune: what was not used for so many days",
    )
    parser.add_argument(
        "--max-size",
        metavar="GB",
        type=_not_negative,
        help="prune: what was not used for longest, until so many gigabytes (of 10⁹ bytes) are left",
    )
    parser.add_argument("--all", action="store_true", help="prune: everything")
    return parser


def run(options: argparse.Namespace) -> None:
    """Print what is there or what was deleted."""
    from causal_mtl.common import ConfigurationError
    from causal_mtl.training.frozen_cache.files import cache_directory
    from causal_mtl.training.frozen_cache.pruning import contents, prune

    asked = options.all or options.older_than is not None or options.max_size is not None
    directory = cache_directory()
    if options.action == "list":
        if asked:
            raise ConfigurationError("cache list takes no options: --older-than, --max-size and --all prune")
        found = contents(directory)
        lines = [_listed(entry) for entry in found]
        lines.append(f"{directory}: {len(found)} data sets, {_size(found)}")
    else:
        if not asked:
            raise ConfigurationError("cache prune: say what to delete: --older-than, --max-size or --all")
        pruned = prune(
            directory,
            time.time(),
            max_age=None if options.older_than is None else options.older_than * _DAY,
            max_size=None if options.max_size is None else options.max_size * _GB,
            everything=options.all,
        )
        lines = [f"in use, not deleted: {entry.files.key[:12]}" for entry in pruned.in_use]
        lines.append(f"{directory}: {len(pruned.deleted)} deleted, {_size(pruned.deleted)}")
    write_text(STANDARD, "\n".join(lines) + "\n")


def _listed(entry: Entry) -> str:
    """An entry as some lines."""
    from causal_mtl.common.text import one_line
    from causal_mtl.training.frozen_cache.pruning import is_in_use

    used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
    state = ", in use now" if is_in_use(entry) else ""
    first = f"{entry.files.key[:12]}  {_size([entry])}, last used {used}{state}"
    if not entry.size:
        return f"{first}\n  unfinished"
    if (note := entry.note) is None:
        return f"{first}\n  of what is not known: its note is lost"
    shape = " × ".join(map(str, note.shape[1:]))
    return "\n".join(
        [
            first,
            f"  model      {one_line(note.model)}",
            f"  sentences  {note.sentences:,} ({note.shape[0]:,} tokens, {shape} numbers for each)",
            *(f"  data       {one_line(str(path))}" for path in note.data),
        ]
    )


def _size(entries: list[Entry]) -> str:
    return f"{sum(entry.size for entry in entries) / 1e6:,.1f} MB"


def _not_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError
    return value
