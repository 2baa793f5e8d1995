"""`causal-mtl predict` of one file in one process, in several, and by Ray, one after another in the same run.

python benchmarks/engines.py --archive runs/pmei [--sentences 20480] [--processes 2] [--rounds 2]

The seconds of few sentences are mostly the start: those of many, less these, say what a sentence costs. Each
command writes one file, or parts that are joined, and all must be the same to the byte.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import command
import machine

WINDOW = 512
"""Sentences that the predictor looks at together, with batches of 32; parts of a file are cut between them."""


def plain(archive: str, file: Path) -> bytes:
    """One process."""
    return _joined([_start(archive, file)])


def several(archive: str, file: Path, processes: int) -> bytes:
    """Processes that predict a part each."""
    lines = file.read_bytes().splitlines(keepends=True)
    size = -(-len(lines) // (processes * WINDOW)) * WINDOW
    parts = []
    for number in range(processes):
        part = file.with_suffix(f".{number}")
        part.write_bytes(b"".join(lines[number * size : (number + 1) * size]))
        parts.append(part)
    return _joined([_start(archive, part) for part in parts])


def by_ray(archive: str, file: Path, workers: int) -> bytes:
    """Ray on this machine."""
    return _joined([_start(archive, file, "--engine", "ray", "--workers", str(workers))])


def _start(archive: str, file: Path, *options: str) -> tuple[subprocess.Popen[bytes], Path]:
    output = Path(f"{file}.out")
    words = [str(command.COMMAND), "predict", archive, str(file), "--output-file", str(output), *options]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL), output


def _joined(started: list[tuple[subprocess.Popen[bytes], Path]]) -> bytes:
    for process, output in started:
        if process.wait():
            raise SystemExit(f"the command that writes {output} ended with status {process.returncode}")
    return b"".join(output.read_bytes() for _, output in started)


def main() -> None:
    parser = machine.parser(__doc__, "engines")
    parser.add_argument("--sentences", type=int, default=40 * WINDOW)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    command.add_archive(parser)
    options = parser.parse_args()
    here = machine.describe(options.threads)
    count = options.processes
    engines: dict[str, Callable[[str, Path], bytes]] = {
        "plain": plain,
        f"{count} plain processes": lambda archive, file: several(archive, file, count),
        "ray, 1 worker": lambda archive, file: by_ray(archive, file, 1),
        f"ray, {count} workers": lambda archive, file: by_ray(archive, file, count),
    }
    figures: dict[str, dict[str, list[float]]] = {name: {"few": [], "many": []} for name in engines}
    with tempfile.TemporaryDirectory() as scratch:
        archive = command.archive(options.archive, Path(scratch))
        sizes = {"few": count, "many": options.sentences}
        files = {
            size: command.write_sentences(Path(scratch) / f"{size}.jsonl", n) for size, n in sizes.items()
        }
        for _ in range(options.rounds):
            for size, file in files.items():
                outputs = set()
                for name, predict in engines.items():
                    began = time.perf_counter()
                    outputs.add(predict(archive, file))
                    figures[name][size].append(round(time.perf_counter() - began, 1))
                if size == "many" and len(outputs) > 1:
                    raise SystemExit("the engines' outputs differ")
    for name, seconds in figures.items():
        print(f"{name:20} {sizes['few']} sentences: {seconds['few']} s, {sizes['many']}: {seconds['many']} s")
    machine.write(
        options.output, here, {"archive": archive, "sentences": options.sentences, "seconds": figures}
    )


if __name__ == "__main__":
    main()
