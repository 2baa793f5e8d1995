"""Which settings name what a component reads besides the data: said by annotation, not by the name of a key."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Annotated, Literal

from causal_mtl.common.files import path_problem
from causal_mtl.common.pretrained_models import name_problem, offline_problem, pretrained_model


@dataclass(frozen=True)
class ReadPath:
    """Marks a string (or `Path`) that names what a component reads: ``Annotated[str, ReadPath()]``.

    That it is there is checked before any data is read. A local file or folder is hashed; ``run.json`` records the
    hash, and ``--recover`` compares it.

    Attributes:
        kind: "file": a file, a folder or a URL; "hub": a folder, or a model of the Hugging Face hub; "package": a
            folder, or an installed Python package.
    """

    kind: Literal["file", "hub", "package"] = "file"

    def problem(self, name: str) -> str | None:
        """Why nothing can be read by this name; the network is not asked."""
        if self.kind == "file" or self.is_local(name):
            return path_problem(name)
        if self.kind == "package":
            return None if _is_package(name) else f"there is no folder and no installed package {name!r}"
        return name_problem(name) or offline_problem(pretrained_model(name))

    def is_local(self, name: str) -> bool:
        """Whether it is a file, folder or URL, whose content can be hashed."""
        if self.kind == "file":
            return True
        try:
            return Path(name).expanduser().is_dir()
        except (OSError, RuntimeError, ValueError):  # too long, of an unknown user, with a null byte
            return False

    def version(self, name: str) -> str | None:
        """Of what is not local: the commit of a hub model in the local cache, or the version of a package."""
        if self.kind == "hub":
            return pretrained_model(name).commit()
        try:
            return metadata.version(name)
        except (metadata.PackageNotFoundError, ValueError):
            return None


InputFile = Annotated[str, ReadPath()]
HubModel = Annotated[str, ReadPath("hub")]
InstalledPackage = Annotated[str, ReadPath("package")]


def _is_package(name: str) -> bool:
    return name.isidentifier() and util.find_spec(name) is not None
