"""Where the archive of a component lies, so that a pipeline can carry it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from causal_mtl.archive import ARCHIVE, archive_sha256, located, write_archive
from causal_mtl.common import ConfigurationError


@dataclass
class FileSource:
    """An archive that lies in a file or an unpacked one in a directory, or at a URL.

    Attributes:
        path: of it.
        sha256: of what was loaded from there; None before. From then on nothing else counts as this archive.
    """

    path: str
    sha256: str | None = None

    @contextmanager
    def opened(self) -> Iterator[str]:
        """What `load` can load.

        Raises:
            ConfigurationError: it is not there, or not what it was.
        """
        digest = archive_sha256(self.path)
        if self.sha256 not in (None, digest):
            raise ConfigurationError(
                f"{self.path}: changed since this component was loaded from it; add the component anew"
            )
        yield self.path
        self.sha256 = digest

    def write(self, file: Path) -> None:
        """Copy the archive to `file`, which may be the archive itself."""
        with self.opened():
            if not (file.exists() and file.samefile(located(self.path))):
                write_archive(self.path, file)

    def read(self) -> bytes:
        """The bytes of the archive."""
        with tempfile.TemporaryDirectory(prefix="causal_mtl_") as scratch:
            file = Path(scratch) / ARCHIVE
            self.write(file)
            return file.read_bytes()


@dataclass
class BytesSource:
    """An archive that came with the bytes of a pipeline."""

    content: bytes

    @contextmanager
    def opened(self) -> Iterator[str]:
        """What `load` can load."""
        with tempfile.TemporaryDirectory(prefix="causal_mtl_") as scratch:
            file = Path(scratch) / ARCHIVE
            self.write(file)
            yield str(file)

    def write(self, file: Path) -> None:
        """Write the archive to `file`."""
        file.write_bytes(self.content)

    def read(self) -> bytes:
        """The bytes of the archive."""
        return self.content


Source = FileSource | BytesSource
