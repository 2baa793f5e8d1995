"""An archive as others may see it: without the paths and secrets of the machine that trained it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from os import PathLike
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from causal_mtl.archive import CONFIG, FILES, RUN, members_of, repack, unpacked, write_archive
from causal_mtl.common import ConfigurationError
from causal_mtl.common.strict_json import read_json_object

_SECRET = re.compile(r"\bhf_[A-Za-z0-9]{16,}")
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://\S+")
_PATH_KEYS = re.compile(r"path|file|dir|folder|_in$", re.IGNORECASE)
_ROOTS = re.compile(
    r"/(home|Users|Volumes|root|mnt|media|tmp|var|opt|private|scratch)/|~|[A-Za-z]:[\\/]|\\\\|file://"
)
"""How paths of a machine begin. Labels can begin with "/" too: ``/people/person/nationality``."""
_WITHIN = re.compile(r"""(?<![\w.:/~-])(?:~[\w.-]*|[A-Za-z]:)?[\\/](?:[^\s\\/"',=]+[\\/])+[^\s\\/"',=]*""")


def write_published(path: str | PathLike[str], final: Path) -> None:
    """Write the file of a trained model that can be published.

    In ``config.json``, ``run.json`` and the JSON files of components, absolute paths become the names of files,
    and URLs lose passwords and queries. Where nothing is to be hidden, the archive stays as it is.

    Args:
        path: of an archive, as for `load_archive`.
        final: of the ``model.tar.gz``.
    """
    with unpacked(path) as directory:
        changed = {}
        for name, member in members_of(directory).items():
            content = _read(member) if (hide := _hides(name)) else None
            if content is not None and (shown := hide(content)) != content:
                changed[name] = shown
        if changed:
            repack(directory, final, changed)
            return
    write_archive(path, final)


def published(value: Any, key: str = "") -> Any:
    """JSON in which strings that are absolute paths have become the names of files.

    Args:
        value: of a config.
        key: under which it stands: whether a string is a path is also seen from its key.
    """
    if isinstance(value, Mapping):
        return {name: published(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [published(inner, key) for inner in value]
    return _shown(value, bool(_PATH_KEYS.search(key))) if isinstance(value, str) else value


def published_note(note: Mapping[str, Any]) -> dict[str, Any]:
    """A ``run.json`` without paths, neither in the command nor among the hashes of data."""
    changed = {
        key: value for key, value in note.items() if key not in ("command", "data_sha256", "recovered")
    }
    shown: dict[str, Any] = {**note, **published(changed)}
    if isinstance(note.get("command"), str):
        shown["command"] = _command(note["command"])
    if isinstance(note.get("data_sha256"), Mapping):
        shown["data_sha256"] = _by_name(note["data_sha256"])
    if isinstance(note.get("recovered"), list):
        shown["recovered"] = [published_note(again) for again in note["recovered"]]
    return shown


def _hides(name: str) -> Any:
    """What to do with a member."""
    if name == RUN:
        return published_note
    if name == CONFIG:
        return published
    return _without_home if name.startswith(f"{FILES}/") and name.endswith(".json") else None


def _read(member: Path) -> Any:
    try:
        return read_json_object(member)
    except ConfigurationError:
        return None  # no object: a list of pieces of words, say


def _without_home(value: Any) -> Any:
    """A component's own JSON, where only paths below the home or working directory are surely paths."""
    if isinstance(value, Mapping):
        return {name: _without_home(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_home(inner) for inner in value]
    known = tuple(f"{place}/" for place in (Path.home(), Path.cwd()) if len(place.parts) > 1)
    return _name(value) if isinstance(value, str) and value.startswith(known) else value


def _shown(text: str, is_path: bool) -> str:
    text = _SECRET.sub("hf_…", text)
    if _URL.fullmatch(text) and not text.startswith("file:"):
        return _url(text)
    absolute = PurePosixPath(text).is_absolute() or _ROOTS.match(text)
    if not absolute or not (is_path or _ROOTS.match(text) or Path(text).exists()):
        return text
    return _name(text)


def _url(text: str) -> str:
    parts = urlsplit(text)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _name(text: str) -> str:
    """The last part of a path."""
    return PurePosixPath(PureWindowsPath(text).as_posix()).name or "."


def _by_name(hashes: Mapping[str, Any]) -> dict[str, Any]:
    """Hashes by path, as hashes by what may be shown of it; equal names are numbered."""
    shown: dict[str, Any] = {}
    for path, digest in hashes.items():
        name, number = _shown(path, is_path=True), 1
        unique = name
        while unique in shown:
            number += 1
            unique = f"{name} ({number})"
        shown[unique] = digest
    return shown


def _command(command: str) -> str:
    try:
        return shlex.join(_argument(word) for word in shlex.split(command))
    except ValueError:  # unbalanced quotes: not written by this library
        return ""


def _argument(word: str) -> str:
    """A word of a command line: a path, a URL, JSON, jsonnet or ``--option=value`` with some of these in it."""
    if word.startswith("{"):
        try:
            return json.dumps(published(json.loads(word)), ensure_ascii=False)
        except ValueError:
            pass
    if (shown := _shown(word, is_path=True)) != word:
        return shown
    urls_shown = _URL.sub(lambda match: _url(match[0]), word)
    return _WITHIN.sub(lambda match: _name(match[0]), urls_shown)
