"""Writing archives."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from causal_mtl.archive.manifest import manifest_of
from causal_mtl.archive.opened import located, unpacked
from causal_mtl.archive.parts import (
    ARCHIVE,
    COMBINATIONS,
    CONFIG,
    MANIFEST,
    RUN,
    WEIGHTS,
    check_name,
    members_of,
)
from causal_mtl.archive.saving import save_weights
from causal_mtl.archive.weights import check_finite
from causal_mtl.common.atomic import complete_file, write_json
from causal_mtl.common.strict_json import read_json_object
from causal_mtl.models import Model

SCRATCH = ".packing_"
"""Prefix of the names of directories in which archives are packed."""


def save_archive(directory: str | PathLike[str], model: Model) -> Path:
    """Pack `model` with what `directory` (of a training) says of it into ``<directory>/model.tar.gz``.

    The file appears under its name only when it is complete. What an earlier packing left that was killed is
    removed.

    Raises:
        ConfigurationError: the model has weights that are not finite.
    """
    directory = Path(directory)
    check_finite(model.state_dict())
    for left in directory.glob(f"{SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix=SCRATCH) as scratch:
        weights, combinations = Path(scratch) / WEIGHTS, Path(scratch) / COMBINATIONS
        save_weights(model, weights)
        write_json(combinations, model.combinations.to_json())
        members = {**members_of(directory), COMBINATIONS: combinations, WEIGHTS: weights}
        _pack(members, directory / ARCHIVE)
    return directory / ARCHIVE


def copy_archive(
    path: str | PathLike[str], final: Path, config: dict[str, Any], note: dict[str, Any]
) -> None:
    """Pack a trained model anew, with another config.

    Args:
        path: of an archive, as for `load_archive`.
        final: of the new ``model.tar.gz``.
        config: all of the new ``config.json``; the weights must fit it.
        note: added to ``run.json``.
    """
    with unpacked(path) as directory:
        changed = {CONFIG: config}
        if (directory / RUN).is_file():
            changed[RUN] = {**read_json_object(directory / RUN), **note}
        repack(directory, final, changed)


def repack(directory: Path, final: Path, changed: Mapping[str, Any]) -> None:
    """Pack a trained model that lies unpacked in `directory`, some of its members changed.

    Args:
        directory: from `unpacked`.
        final: of the new ``model.tar.gz``.
        changed: the new content of JSON members, by their name.
    """
    with tempfile.TemporaryDirectory(prefix="causal_mtl_") as scratch:
        members = members_of(directory)
        for number, (name, content) in enumerate(changed.items()):
            members[name] = Path(scratch) / f"{number}.json"
            write_json(members[name], content)
        _pack(members, final)


def write_archive(path: str | PathLike[str], final: Path) -> None:
    """Write the file of a trained model: the same bytes, or what lies unpacked in a directory, packed.

    Args:
        path: of an archive, as for `load_archive`.
        final: of the ``model.tar.gz``.
    """
    source = located(path)
    if source.is_dir():
        with unpacked(source) as directory:
            _pack(members_of(directory), final)
    else:
        with complete_file(final) as unfinished:
            shutil.copyfile(source, unfinished)


def _pack(members: Mapping[str, Path], final: Path) -> None:
    """Write the archive of these files, the manifest first; equal files make equal archives."""
    order = [CONFIG, RUN, WEIGHTS, COMBINATIONS]
    files = {name: members[name] for name in order if name in members}
    files |= {check_name(name): path for name, path in members.items() if name not in (MANIFEST, *order)}
    with tempfile.TemporaryDirectory(prefix="causal_mtl_") as scratch, complete_file(final) as packed:
        manifest = Path(scratch) / MANIFEST
        write_json(manifest, manifest_of(files))
        # Weights are noise to gzip: more effort takes minutes and saves nothing.
        with tarfile.open(packed, "w:gz", compresslevel=1) as tar:
            for name, path in {MANIFEST: manifest, **files}.items():
                with path.open("rb") as file:
                    member = tarfile.TarInfo(name)
                    member.size = path.stat().st_size
                    tar.addfile(member, file)
