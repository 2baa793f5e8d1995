"""The directory of a saved vocabulary: a file a namespace, and the list of the unpadded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
