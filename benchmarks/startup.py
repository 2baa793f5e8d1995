"""Time of `causal-mtl --help` and to the first prediction, in units of `python -c "import torch"`.

python benchmarks/startup.py --archive runs/pmei [--rounds 9]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import command
import machine

UNIT = "import torch"


def seconds(arguments: list[str | Path]) -> float:
    """From the start of a process to its first line, or to its end if it prints none."""
    began = time.perf_counter()
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        taken = time.perf_counter() - began
        process.stdout.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with status {process.returncode}")
    return taken


def programs(archive: str, scratch: Path) -> dict[str, list[str | Path]]:
    """What is measured, by name."""
    text = command.write_sentences(scratch / "text.jsonl", 1)
    tokens = scratch / "tokens.jsonl"
    tokens.write_text(json.dumps({"tokens": json.loads(text.read_text())["text"].split()}))
    return {
        # The end of a process that holds torch takes long too: the unit has it, a first line has not.
        UNIT: [sys.executable, "-c", "import torch"],
        "import torch, less its exit": [sys.executable, "-c", "import torch; print(flush=True)"],
        "--help": [command.COMMAND, "--help"],
        "first prediction": [command.COMMAND, "predict", archive, text],
        "first prediction, of tokens": [command.COMMAND, "predict", archive, tokens],
    }


def main() -> None:
    parser = machine.parser(__doc__, "startup")
    parser.add_argument("--rounds", type=int, default=9, help="all programs in turn (default: %(default)s)")
    command.add_archive(parser)
    options = parser.parse_args()
    here = machine.describe(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        todo = programs(command.archive(options.archive, Path(scratch)), Path(scratch))
        rounds = [
            {name: seconds(arguments) for name, arguments in todo.items()}
        ]  # one to fill the disk's cache
        rounds = [
            {name: seconds(arguments) for name, arguments in todo.items()} for _ in range(options.rounds)
        ]

    figures = {
        name: {
            "seconds": median(times[name] for times in rounds),
            "units": median(times[name] / times[UNIT] for times in rounds),
        }
        for name in todo
    }
    for name, figure in figures.items():
        print(f"{name:28} {figure['seconds']:6.2f} s {figure['units']:6.2f} times `{UNIT}`")
    machine.write(options.output, here, {"archive": options.archive, "programs": figures})


if __name__ == "__main__":
    main()
