"""An archive as others may see it: without the paths and secrets of the machine that trained it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Set
from functools import partial
from os import PathLike
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from causal_mtl.archive import CONFIG, FILES, RUN, VOCABULARY, members_of, repack, unpacked, write_archive
from causal_mtl.common import ConfigurationError
from causal_mtl.common.strict_json import read_json_object

_SECRET = re.compile(r"\bhf_[A-Za-z0-9]{16,}")
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://\S+")
_ABSOLUTE = re.compile(r"/{1,2}[^/]+/|~|[A-Za-z]:[\\/]|\\\\|file://")
"""How an absolute path begins that tells more than a name."""
_QUOTED = re.compile(r"""(["'])([^"']*)\1""")
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
            content = _read(member) if (hide := _hides(name, directory)) else None
            if content is not None and (shown := hide(content)) != content:
                changed[name] = shown
        if changed:
            repack(directory, final, changed)
            return
    write_archive(path, final)


def published(value: Any, labels: Set[str] = frozenset()) -> Any:
    """JSON in which strings that are absolute paths have become the names of files.

    Args:
        value: of a config.
        labels: of the model; they stay, as labels can look like paths: ``/people/person/nationality``.
    """
    if isinstance(value, Mapping):
        return {name: published(inner, labels) for name, inner in value.items()}
    if isinstance(value, list):
        return [published(inner, labels) for inner in value]
    return _shown(value) if isinstance(value, str) and value not in labels else value


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


def _hides(name: str, directory: Path) -> Any:
    """What to do with a member."""
    if name == RUN:
        return published_note
    if name == CONFIG:
        return partial(published, labels=_labels(directory))
    return _without_home if name.startswith(f"{FILES}/") and name.endswith(".json") else None


def _labels(directory: Path) -> frozenset[str]:
    """The labels of the vocabulary that could be mistaken for paths."""
    files = (directory / VOCABULARY).glob("*labels.txt")
    lines = (line for file in files for line in file.read_text("utf-8", "replace").split("\n"))
    return frozenset(line for line in lines if _ABSOLUTE.match(line))


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


def _shown(text: str) -> str:
    text = _SECRET.sub("hf_…", text)
    if _ABSOLUTE.match(text):
        return _name(text)
    if _URL.match(text):  # all of it: a URL that somebody wrote can have blanks
        return _url(text)
    return _URL.sub(lambda match: _url(match[0]), text)


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:  # no URL after all, such as "x://[": nothing of it is surely harmless
        return text.partition("://")[0] + "://…"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _name(text: str) -> str:
    """The last part of a path."""
    return PurePosixPath(PureWindowsPath(text).as_posix()).name or "."


def _by_name(hashes: Mapping[str, Any]) -> dict[str, Any]:
    """Hashes by path, as hashes by what may be shown of it; equal names are numbered."""
    shown: dict[str, Any] = {}
    for path, digest in hashes.items():
        name, number = _shown(path), 1
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
    word = _QUOTED.sub(lambda match: f"{match[1]}{_shown(match[2])}{match[1]}", _SECRET.sub("hf_…", word))
    return _WITHIN.sub(lambda match: _name(match[0]), _shown(word))
