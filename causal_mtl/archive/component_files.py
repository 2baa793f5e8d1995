"""Files that components keep in an archive, each component in a folder of its own."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from causal_mtl.common.atomic import complete_directory
from causal_mtl.common.by_path import ByPath


@dataclass(frozen=True)
class ComponentFiles(ByPath):
    """What components are given as ``archive_files``: a folder named by their key path.

    Attributes:
        directory: the `files/` of an archive.
        make: create each folder when it is asked for, to be written to.
    """

    directory: Path
    make: bool = False

    def at(self, path: str) -> Path:
        """The folder of the component at a key path; that of all components in an archive of an early version."""
        folder = self.directory / quote(path, safe="[] ")
        if self.make:
            folder.mkdir(parents=True, exist_ok=True)
        return folder if folder.is_dir() else self.directory


class StagedFiles:
    """A temporary place for the files of components that are made before the directory of their training is.

    Attributes:
        extras: to build such components with.
    """

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="causal_mtl_"))
        self.extras = {"load_pretrained": True, "archive_files": ComponentFiles(self._directory, make=True)}
        weakref.finalize(self, shutil.rmtree, self._directory, ignore_errors=True)

    def copy_to(self, directory: Path) -> None:
        """Make `directory` a copy of all files that were written; without any it is not made."""
        if any(self._directory.iterdir()):
            with complete_directory(directory) as unfinished:
                shutil.copytree(self._directory, unfinished, dirs_exist_ok=True)
