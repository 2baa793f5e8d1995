"""From what a user names to a directory of members that are what was packed."""

from __future__ import annotations

import logging
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from causal_mtl.archive.manifest import Member, check_members, member_of, read_manifest
from causal_mtl.archive.parts import ARCHIVE, CONFIG, MANIFEST, WEIGHTS, check_name, check_size, members_of
from causal_mtl.archive.unpack import unpack
from causal_mtl.common import ConfigurationError
from causal_mtl.common.atomic import is_full_disk
from causal_mtl.common.files import local_path, sha256, sha256_of

logger = logging.getLogger(__name__)


@contextmanager
def unpacked(path: str | PathLike[str]) -> Iterator[Path]:
    """The directory of what `path` holds, for as long as it is needed.

    All members have been compared with the manifest, if there is one.

    Args:
        path: of a ``model.tar.gz``, of the directory of a training or an unpacked archive, or a URL of an archive.

    Raises:
        ConfigurationError: this is no archive, or a part of it is damaged; the message names the part.
        OSError: there is no space to unpack it.
    """
    local = located(path)
    with tempfile.TemporaryDirectory(prefix="causal_mtl_") as scratch:
        directory = local if local.is_dir() else Path(scratch)
        try:
            if local.is_dir():
                has_manifest = _check(_measured(local), directory)
            else:
                has_manifest = unpack(local, directory, lambda found: _check(found, directory))
        except (ConfigurationError, OSError) as error:
            if is_full_disk(error):
                raise
            raise ConfigurationError(f"{path}: {error}") from error
        if not has_manifest:
            logger.warning(
                "%s has no %s (an early version made it, or it was changed by hand): damage may stay unnoticed",
                path,
                MANIFEST,
            )
        yield directory


def located(path: str | PathLike[str]) -> Path:
    """The archive's file, or the directory of an unpacked one.

    Args:
        path: as for `unpacked`.

    Raises:
        ConfigurationError: there is neither.
    """
    try:
        local = local_path(path)
    except FileNotFoundError as error:
        raise ConfigurationError(str(error)) from None
    if not local.is_dir() or (local / WEIGHTS).exists():
        return local
    if not (local / ARCHIVE).exists():
        raise ConfigurationError(
            f"{path}: there is no {ARCHIVE} and no {WEIGHTS} in this directory; if a training was interrupted "
            "there, finish it with `causal-mtl train CONFIG -s DIRECTORY --recover`"
        )
    return local / ARCHIVE


def archive_sha256(path: str | PathLike[str]) -> str:
    """The hexadecimal SHA-256 of what is read of an archive: of its file, or of all members of an unpacked one.

    What else lies in the directory of a training does not count: logs, checkpoints, counts for tables.

    Args:
        path: as for `unpacked`.

    Raises:
        ConfigurationError: there is no archive.
    """
    local = located(path)
    return sha256_of(members_of(local)) if local.is_dir() else sha256(local)


def _check(found: dict[str, Member], directory: Path) -> bool:
    """Compare the members of `directory` with its manifest; False if it has none."""
    missing = [name for name in (CONFIG, WEIGHTS) if name not in found]
    if missing:
        raise ConfigurationError(f"not a model archive (it holds no {' and no '.join(missing)})")
    if MANIFEST not in found:
        return False
    listed = read_manifest(directory / MANIFEST)
    check_members({name: member for name, member in found.items() if name != MANIFEST}, listed)
    return True


def _measured(directory: Path) -> dict[str, Member]:
    """The members that lie in a directory: files, nothing else."""
    found = {}
    for name, file in members_of(directory).items():
        mode = file.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise ConfigurationError(f"{name}: {'a link' if stat.S_ISLNK(mode) else 'not a regular file'}")
        check_size(check_name(name), file.stat().st_size)
        found[name] = member_of(file)
    return found
