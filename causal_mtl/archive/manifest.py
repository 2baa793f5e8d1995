"""The list of an archive's members with their sizes and SHA-256, by which a damaged one is found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from causal_mtl.archive.parts import MANIFEST, check_name
from causal_mtl.common import ConfigurationError, sha256
from causal_mtl.common.strict_json import read_json_object

FORMAT = 1
"""Of archives; a library that knows a lower one cannot read them."""


@dataclass(frozen=True)
class Member:
    """Size in bytes and hexadecimal SHA-256 of a member."""

    size: int
    sha256: str


def member_of(path: Path) -> Member:
    """The size and hash of a file."""
    return Member(path.stat().st_size, sha256(path))


def manifest_of(files: Mapping[str, Path]) -> dict[str, Any]:
    """The content of ``manifest.json`` for an archive of these `files`."""
    return {"format": FORMAT, "members": {name: asdict(member_of(path)) for name, path in files.items()}}


def read_manifest(path: Path, check_name: Callable[[str], str] = check_name) -> dict[str, Member]:
    """The members that a ``manifest.json`` lists.

    Args:
        path: of the manifest.
        check_name: refuses names that no member can have.

    Raises:
        ConfigurationError: it is damaged, or of a later format.
    """
    content = read_json_object(path)
    if content.get("format") != FORMAT:
        raise ConfigurationError(
            f"{MANIFEST}: format {content.get('format')!r}; this version of causal_mtl knows format {FORMAT}"
        )
    members = content.get("members")
    if set(content) != {"format", "members"} or not isinstance(members, dict):
        raise ConfigurationError(f"{MANIFEST}: expected the keys 'format' and 'members'")
    return {check_name(name): _member(name, value) for name, value in members.items()}


def check_members(found: Mapping[str, Member], listed: Mapping[str, Member]) -> None:
    """Compare what is there with what was packed.

    Raises:
        ConfigurationError: names every member that is missing, was added, or is not what was packed.
    """
    problems = [f"{name}: missing" for name in listed if name not in found]
    for name, member in found.items():
        if name not in listed:
            problems.append(f"{name}: not listed in {MANIFEST}")
        elif member.size != listed[name].size:
            problems.append(f"{name}: {member.size:,} bytes where {MANIFEST} says {listed[name].size:,}")
        elif member.sha256 != listed[name].sha256:
            problems.append(f"{name}: its SHA-256 is not the one in {MANIFEST}")
    if problems:
        more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise ConfigurationError(
            f"damaged, or changed since it was packed: {'; '.join(problems[:5])}{more} "
            f"(if you changed it yourself, delete {MANIFEST})"
        )


def _member(name: str, value: Any) -> Member:
    if isinstance(value, dict) and set(value) == {"size", "sha256"}:
        size, digest = value["size"], value["sha256"]
        if (
            type(size) is int
            and size >= 0
            and isinstance(digest, str)
            and re.fullmatch("[0-9a-f]{64}", digest)
        ):
            return Member(size, digest)
    raise ConfigurationError(f"{MANIFEST}: members.{name}: expected a size and a SHA-256")
