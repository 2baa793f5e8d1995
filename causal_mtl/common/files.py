"""Files by path or URL, and what is in them."""

from __future__ import annotations

import hashlib
import re
from os import PathLike
from pathlib import Path
from typing import TextIO


def local_path(path_or_url: str | PathLike) -> Path:
    """The local file or directory; an URL (``https://``, ``hf://`` …) is downloaded once and cached.

    Raises:
        FileNotFoundError: nothing is there; the message names the nearest directory that exists.
    """
    text = str(path_or_url)
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", text):
        from cached_path import cached_path  # takes 0.9 s to import

        return Path(cached_path(text))
    path = Path(text).expanduser()
    if not path.exists():
        nearest = next((parent for parent in path.absolute().parents if parent.exists()), None)
        raise FileNotFoundError(f"{text}: no such file or directory (nearest existing directory: {nearest})")
    return path


def sha256(path: str | PathLike) -> str:
    """The hexadecimal SHA-256 of a file's bytes, read in pieces."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def open_text(path_or_url: str | PathLike) -> TextIO:
    """Open a UTF-8 text file (or URL) for reading; a byte order mark is dropped."""
    return open(local_path(path_or_url), encoding="utf-8-sig")
