"""`causal-mtl predict` of one file in one process, in several, and by Ray, one after another in the same run.

python benchmarks/engines.py --archive runs/pmei [--sentences 20480] [--processes 2] [--rounds 2]

The seconds of few sentences are mostly the start: those of many, less these, say what a sentence costs. CPU
seconds are of all processes of a command, looked at five times a second: on a machine that does other work, too,
they say more than the clock. Each command writes one file, or parts that are joined, and all must be the same to
the byte.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import command
import machine
import psutil

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
    _watch([process for process, _ in started])
    for process, output in started:
        if process.wait():
            raise SystemExit(f"the command that writes {output} ended with status {process.returncode}")
    return b"".join(output.read_bytes() for _, output in started)


CPU_SECONDS: dict[int, float] = {}
"""Of each process of the command that runs now, by its id."""


def _watch(commands: list[subprocess.Popen[bytes]]) -> None:
    """Wait for the end of commands, and note the CPU seconds of all processes below this one."""
    CPU_SECONDS.clear()
    while any(process.poll() is None for process in commands):
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                times = process.cpu_times()
                CPU_SECONDS[process.pid] = times.user + times.system
        time.sleep(0.2)


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
    figures: dict[str, dict[str, list[dict[str, float]]]] = {
        name: {"few": [], "many": []} for name in engines
    }
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
                    figure = {"clock": time.perf_counter() - began, "cpu": sum(CPU_SECONDS.values())}
                    figures[name][size].append({kind: round(value, 1) for kind, value in figure.items()})
                    print(f"{name}, {sizes[size]} sentences: {figures[name][size][-1]} seconds", flush=True)
                if size == "many" and len(outputs) > 1:
                    raise SystemExit("the engines' outputs differ")
    machine.write(
        options.output, here, {"archive": archive, "sentences": options.sentences, "seconds": figures}
    )


if __name__ == "__main__":
    main()
