"""The installed command `causal-mtl`, a model for it, and sentences."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path

from machine import ROOT

COMMAND = Path(sys.executable).with_name("causal-mtl")


def add_archive(options: argparse.ArgumentParser) -> None:
    """Add the option `--archive`."""
    options.add_argument(
        "--archive", help="a trained model (default: the quick start's, trained for 10 epochs)"
    )


def archive(given: str | None, scratch: Path) -> str:
    """The archive that was given, or one that is trained now."""
    if given is None:
        given = str(scratch / "model")
        train = [str(COMMAND), "train", "training_config/quickstart.jsonnet", "-s", given]
        subprocess.run(
            [*train, "-o", '{"trainer.num_epochs": 10}'], cwd=ROOT, check=True, capture_output=True
        )
    return given


def write_sentences(file: Path, count: int) -> Path:
    """Write `count` sentences as raw text, one JSON object a line."""
    with file.open("w", encoding="utf-8") as lines:
        for number, text in enumerate(islice(cycle(_texts()), count)):
            lines.write(json.dumps({"id": number, "text": text}) + "\n")
    return file


def _texts() -> list[str]:
    """Those of webnlg dev where it is there, else the fixtures'."""
    data = Path(os.environ.get("CAUSAL_MTL_DATA", ROOT.parent / "shared/data"))
    files = (data / "webnlg/dev.json", ROOT / "fixtures/triples/dev.json")
    file = next(file for file in files if file.is_file())
    return [record["text"] for record in json.loads(file.read_text(encoding="utf-8"))]
