"""Files by path or URL, and what is in them."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import TextIO, cast
from urllib.parse import unquote, urlsplit

from causal_mtl.common import trust
from causal_mtl.common.errors import ConfigurationError
from causal_mtl.common.text import one_line


def local_path(path_or_url: str | PathLike) -> Path:
    """The local file or directory; an URL (``https://``, ``hf://`` …) is downloaded once and cached.

    Raises:
        FileNotFoundError: nothing is there; the message names the nearest directory that exists.
        ConfigurationError: a model archive that is being loaded asks for it, or it cannot be downloaded.
    """
    text = str(path_or_url)
    trust.check_file(text)
    if is_url(text):
        return _downloaded(text)
    path = Path(text).expanduser()
    if not path.exists():
        nearest = next((parent for parent in path.absolute().parents if parent.exists()), None)
        raise FileNotFoundError(f"{text}: no such file or directory (nearest existing directory: {nearest})")
    return path


def is_url(path: str) -> bool:
    """Whether `path` names something to download: it begins with a scheme."""
    return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", path) is not None


def _downloaded(url: str) -> Path:
    from cached_path import cached_path  # takes 0.9 s to import

    try:
        return Path(cached_path(url))
    except Exception as error:  # each scheme's own: no network, no such file, no permission
        reason = one_line(str(error)) or type(error).__name__
        raise ConfigurationError(f"{url}: cannot be downloaded: {reason}") from error


def file_name(path_or_url: str | PathLike) -> str:
    """The name of a file or directory: of a URL the one that it had there, not that of its copy in the cache."""
    if not is_url(str(path_or_url)):
        return Path(path_or_url).name
    return PurePosixPath(unquote(urlsplit(str(path_or_url)).path)).name


def path_problem(path: str) -> str | None:
    """Why there is nothing to read at `path`; a URL is believed."""
    if "://" in path:
        return None
    if not path.strip():
        return "is empty: expected the path of a file"
    try:
        there = Path(path).expanduser().exists()
    except (OSError, RuntimeError, ValueError) as error:  # too long, of an unknown user, with a null byte
        return f"is no path: {error}"
    return None if there else f"there is no file {path!r} (seen from {Path.cwd()})"


def sha256(path: str | PathLike) -> str:
    """The hexadecimal SHA-256 of a file's bytes, read in pieces; of a directory, of all names and hashes in it."""
    if Path(path).is_dir():
        inner = (one for one in Path(path).rglob("*") if one.is_file())
        return sha256_of({one.relative_to(path).as_posix(): one for one in inner})
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def sha256_of(files: Mapping[str, Path]) -> str:
    """The hexadecimal SHA-256 of names and hashes of several files, whatever their order."""
    digest = hashlib.sha256()
    for name in sorted(files, key=PurePosixPath):
        digest.update(f"{sha256(files[name])}  {name}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


@contextmanager
def open_text(
    path_or_url: str | PathLike, errors: str = "strict", newline: str | None = None
) -> Iterator[TextIO]:
    """Open a UTF-8 text file (or URL) for reading: plain, .gz, or the only file in a .zip.

    A byte order mark is dropped.

    Args:
        path_or_url: what to open; its name tells whether it is compressed, or its first bytes do.
        errors: what to do with bytes that are not UTF-8, as in `open`.
        newline: what ends a line, as in `open`.

    Raises:
        ConfigurationError: a .zip holds more than one file, or none; or a compressed file is damaged.
        FileNotFoundError: nothing is there.
    """
    name, file = str(path_or_url), local_path(path_or_url)
    try:
        with _opened(name, file, errors, newline) as text:
            yield text
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError) as error:
        raise ConfigurationError(f"{name}: not a sound compressed file ({error})") from None


@contextmanager
def _opened(name: str, file: Path, errors: str, newline: str | None) -> Iterator[TextIO]:
    with open(file, "rb") as raw:
        begin = raw.peek(4)  # what was downloaded is not named as its URL
        if name.endswith(".zip") or begin.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(raw) as archive, archive.open(_only_member(archive, name)) as member:
                yield io.TextIOWrapper(member, "utf-8-sig", errors, newline)
        elif name.endswith(".gz") or begin.startswith(b"\x1f\x8b"):
            with gzip.open(raw, "rt", encoding="utf-8-sig", errors=errors, newline=newline) as text:
                yield cast(TextIO, text)
        else:
            yield io.TextIOWrapper(raw, "utf-8-sig", errors, newline)


def _only_member(archive: zipfile.ZipFile, name: str) -> str:
    names = [member for member in archive.namelist() if not member.endswith("/")]
    if len(names) != 1:
        raise ConfigurationError(f"{name}: expected one file in the archive, got {len(names)}")
    if archive.getinfo(names[0]).flag_bits & 1:
        raise ConfigurationError(f"{name}: the file in the archive is encrypted")
    return names[0]
