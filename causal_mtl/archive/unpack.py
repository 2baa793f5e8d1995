"""Reading the members of an archive: every size is checked before it is used, nothing but files is unpacked."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from causal_mtl.archive.manifest import Member
from causal_mtl.archive.parts import MAX_MEMBERS, check_name, check_size
from causal_mtl.common import ConfigurationError
from causal_mtl.common.atomic import is_full_disk, naming
from causal_mtl.common.text import one_line

_BROKEN = (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError, RecursionError)
"""What tarfile, gzip and the file system raise at bytes that nobody meant to write."""
_PIECE = 1 << 20
_BELIEVED = 32 << 20
_RATIO = 50
"""An archive may be so many times as large as its file, and `_BELIEVED` bytes besides. Weights hardly compress."""


def unpack(archive: Path, directory: Path, check: Callable[[dict[str, Member]], bool]) -> bool:
    """Write the members of a ``model.tar.gz`` below `directory`.

    Args:
        archive: the file.
        directory: empty.
        check: of the members that were written. It can tell which one is damaged, so it is asked before gzip's
            checksum of the whole.

    Returns:
        What `check` returned.

    Raises:
        ConfigurationError: the archive is damaged, or holds what no archive holds, or too much.
        OSError: there is no space for a member.
    """
    if not archive.is_file():
        raise ConfigurationError("not a model archive: not a regular file")
    part = ""
    try:
        with gzip.open(archive) as stream:
            limited = _Limited(cast(BinaryIO, stream), _BELIEVED + _RATIO * archive.stat().st_size)
            found: dict[str, Member] = {}
            with tarfile.open(fileobj=cast(BinaryIO, limited), mode="r:") as tar:
                for number, info in enumerate(tar):
                    part = _checked(info, number, found, limited)
                    if info.type != tarfile.DIRTYPE:  # files say themselves where they belong
                        found[part] = _write(cast(BinaryIO, tar.extractfile(info)), directory / part)
            checked, part = check(found), ""
            limited.finish()
            return checked
    except _BROKEN as error:
        if is_full_disk(error):
            raise
        message = one_line(str(error)) or type(error).__name__
        raise ConfigurationError(
            f"{f'{part}: ' if part else ''}not a model archive, or damaged: {message}"
        ) from error


def _checked(info: tarfile.TarInfo, number: int, found: dict[str, Member], limited: _Limited) -> str:
    """The name of a member whose header is as it should be."""
    if number == MAX_MEMBERS:
        raise ConfigurationError(f"more than {MAX_MEMBERS:,} members")
    name = info.name.removeprefix("./")
    if info.type == tarfile.DIRTYPE:
        return name
    if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.sparse is not None:
        raise ConfigurationError(f"{info.name[:100]!r}: neither a file nor a directory")
    if check_name(name) in found:
        raise ConfigurationError(f"{name}: twice in the archive")
    check_size(name, info.size)
    limited.check(name, info.size)
    return name


def _write(source: BinaryIO, path: Path) -> Member:
    """Copy a member to a new file and measure it on the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with naming(path), path.open("xb") as file:
        while piece := source.read(_PIECE):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
    return Member(size, digest.hexdigest())


class _Limited:
    """A decompressed stream that is read forwards only, in pieces, and not beyond a limit.

    Args:
        stream: of a gzip file.
        limit: in bytes.
    """

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream, self._limit, self._position = stream, limit, 0

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes."""
        if not 0 <= size <= _PIECE:
            raise ConfigurationError("a header of unlikely size")
        self.check("the archive", size)
        try:
            data = self._stream.read(size)
        except OSError as error:  # else it would be told as one of the file that is written meanwhile
            raise tarfile.ReadError(str(error)) from error
        self._position += len(data)
        return data

    def tell(self) -> int:
        """How many bytes have been read."""
        return self._position

    def seek(self, position: int) -> int:
        """Read on to `position`."""
        if position < self._position:
            raise ConfigurationError("members that overlap")
        while self._position < position and self.read(min(position - self._position, _PIECE)):
            pass
        return self._position

    def check(self, name: str, size: int) -> None:
        """Refuse to read `size` bytes more if that is too much."""
        if self._position + size > self._limit:
            raise ConfigurationError(
                f"{name}: {self._position + size:,} bytes unpacked; a file of this size can be believed "
                f"{self._limit:,} at most"
            )

    def finish(self) -> None:
        """Read to the end, where gzip compares its checksum; only zeros may be left."""
        while data := self.read(_PIECE):
            if data.strip(b"\0"):
                raise ConfigurationError("something follows the last member")
