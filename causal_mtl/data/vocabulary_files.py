"""The directory of a saved vocabulary: one file per namespace, and the list of the unpadded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from causal_mtl.common import ConfigurationError
from causal_mtl.data.token_lines import read_lines, write_lines

NON_PADDED_FILE = "non_padded_namespaces.txt"


def find_namespaces(directory: Path) -> tuple[list[str], dict[str, Path]]:
    """The patterns of the unpadded namespaces, and the file of each namespace.

    Raises:
        ConfigurationError: the directory holds no vocabulary.
    """
    listing = directory / NON_PADDED_FILE
    if not listing.is_file():
        raise ConfigurationError(f"{directory} holds no vocabulary: there is no {NON_PADDED_FILE} in it")
    paths = sorted(path for path in directory.glob("*.txt") if path != listing)
    return read_lines(listing), {path.name.removesuffix(".txt"): path for path in paths}


def read_namespace(path: Path, special: Sequence[str]) -> list[str]:
    """The strings of one namespace, in the order of their indices.

    Args:
        path: its file, which holds no padding token.
        special: padding and unknown token, in this order; empty in an unpadded namespace.

    Raises:
        ConfigurationError: the unknown token is missing, or a string stands there twice.
    """
    tokens = [*special[:1], *read_lines(path)]
    for name in special[1:]:
        if name not in tokens:
            raise ConfigurationError(f"{path}: the unknown token {name!r} is missing")
    if len(set(tokens)) < len(tokens):
        twice = Counter(tokens).most_common(1)[0][0]
        raise ConfigurationError(f"{path}: {twice!r} stands there twice")
    return tokens


def write_namespaces(
    directory: Path, non_padded: Iterable[str], namespaces: Mapping[str, Iterable[str]]
) -> None:
    """Write the patterns of the unpadded namespaces, and the strings of each namespace.

    Raises:
        ConfigurationError: `directory` holds other ``.txt`` files, which `find_namespaces` would take for
            namespaces; or a namespace cannot be a file name.
    """
    directory.mkdir(parents=True, exist_ok=True)
    odd = [name for name in namespaces if "/" in name or f"{name}.txt" == NON_PADDED_FILE]
    if odd:
        raise ConfigurationError(f"not usable as names of vocabulary namespaces: {', '.join(odd)}")
    ours = {f"{name}.txt" for name in namespaces} | {NON_PADDED_FILE}
    stale = sorted(path.name for path in directory.glob("*.txt") if path.name not in ours)
    if stale:
        raise ConfigurationError(
            f"{directory} holds files of another vocabulary ({', '.join(stale)}): name an empty directory"
        )
    write_lines(directory / NON_PADDED_FILE, non_padded)
    for name, tokens in namespaces.items():
        write_lines(directory / f"{name}.txt", tokens)
