"""A trained model as one file, ``model.tar.gz``, and back again.

The file holds ``manifest.json`` (size and SHA-256 of every other member), ``config.json``, ``vocabulary/``,
``weights.safetensors``, ``run.json`` (versions, seed, hashes of the data), ``combinations.json`` (which labels
training showed together) and, if components wrote any, ``files/``. Nothing is ever unpickled, no code is taken
from it, and loading opens no other file (docs/reliability.md).
"""

from causal_mtl.archive.component_files import ComponentFiles, StagedFiles
from causal_mtl.archive.load import FILE_EXTRAS, MODEL_EXTRAS, Archive, Device, load_archive
from causal_mtl.archive.opened import archive_sha256, located, unpacked
from causal_mtl.archive.pack import copy_archive, repack, save_archive, write_archive
from causal_mtl.archive.parts import ARCHIVE, CONFIG, FILES, MANIFEST, RUN, VOCABULARY, WEIGHTS, members_of

__all__ = [
    "ARCHIVE",
    "CONFIG",
    "FILES",
    "FILE_EXTRAS",
    "MANIFEST",
    "MODEL_EXTRAS",
    "RUN",
    "VOCABULARY",
    "WEIGHTS",
    "Archive",
    "ComponentFiles",
    "Device",
    "StagedFiles",
    "archive_sha256",
    "copy_archive",
    "load_archive",
    "located",
    "members_of",
    "repack",
    "save_archive",
    "unpacked",
    "write_archive",
]
