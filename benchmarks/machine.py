"""What all benchmarks share: options of the command line, the machine that they run on, where figures go."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def parser(description: str | None, name: str) -> argparse.ArgumentParser:
    """A command line with `--threads` and `--output` (default: `benchmarks/results/<name>.json`)."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--threads", type=int, default=1, help="of torch (default: %(default)s)")
    options.add_argument("--output", type=Path, default=ROOT / f"benchmarks/results/{name}.json")
    return options


def describe(threads: int, device: str = "cpu") -> dict[str, Any]:
    """The machine, the versions and the time; ask for it first: `load` is what else the machine does just then.

    From here on torch uses so many threads, in this process and in those that it starts.
    """
    os.environ["OMP_NUM_THREADS"] = str(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
    machine = {
        "date": datetime.now(timezone.utc).isoformat(timespec="minutes"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "threads": threads,
        "load": round(os.getloadavg()[0], 2),
        "system": platform.system(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("torch", "spacy", "causal-mtl")},
    }
    if device == "cuda":
        import torch

        machine["gpu"] = torch.cuda.get_device_name()
    return machine


def write(file: Path, machine: dict[str, Any], figures: dict[str, Any]) -> None:
    """Keep `figures` as JSON, with the machine that they were taken on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"machine": machine, **figures}, indent=1) + "\n", encoding="utf-8")
    print(f"written to {file}")


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
