"""`causal-mtl predict` on a large file: sentences per second, peak memory, and where the time goes.

python benchmarks/predict_throughput.py --archive runs/pmei [--sentences 100000]
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import command
import machine
from stages import Stages


@dataclass
class Run:
    """One run of the command, its start included."""

    sentences: int
    seconds: float
    peak_mib: float


def run(archive: str, file: Path, sentences: int) -> Run:
    """Predict a file with the installed command.

    This process must still be small: a child's peak memory begins at its parent's.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        [command.COMMAND, "predict", archive, file, "--output-file", file.with_suffix(".out")],
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(
            f"causal-mtl predict {archive} ended with status {os.waitstatus_to_exitcode(status)}"
        )
    return Run(sentences, time.perf_counter() - began, usage.ru_maxrss / 1024)


def shares(archive: str, file: Path) -> dict[str, float]:
    """The share of each stage in the time of the same command in this process, without its start."""
    from causal_mtl import commands
    from causal_mtl.commands import predict
    from causal_mtl.data.loader import Batch, Loader
    from causal_mtl.data.tokenizers import SpacyTokenizer
    from causal_mtl.models import Model
    from causal_mtl.nn.pair_scorer import PairScores
    from causal_mtl.predictors import Predictor, predictor

    stages = Stages()
    stages.time("start", predictor, "load_archive")
    stages.time("start", vars(SpacyTokenizer)["_spacy"], "func")
    stages.time("reading", predictor, "_parsed")
    stages.time("reading", Predictor, "json_to_instance")
    stages.time("indexing", Loader, "__init__")
    for owner, name in ((predictor, "batches"), (Loader, "batch"), (Batch, "to")):
        stages.time("collating", owner, name)
    stages.time("network", Model, "__call__")
    stages.time("network", PairScores, "cells")  # of the final head: asked for while decoding
    stages.time("decoding", Model, "decode")
    stages.time("writing", Predictor, "instance_to_json")
    stages.time("writing", predict, "as_line")
    commands.main(["predict", archive, str(file), "--output-file", str(file.with_suffix(".out"))])
    stages.seconds.pop("start")
    return stages.shares()


def main() -> None:
    parser = machine.parser(__doc__, "predict_throughput")
    parser.add_argument("--sentences", type=int, default=100_000)
    command.add_archive(parser)
    options = parser.parse_args()
    here = machine.describe(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        archive = command.archive(options.archive, Path(scratch))
        sizes = options.sentences // 10, options.sentences
        files = [command.write_sentences(Path(scratch) / f"{size}.jsonl", size) for size in sizes]
        few, many = (run(archive, file, size) for file, size in zip(files, sizes, strict=True))
        by_stage = shares(archive, files[0])

    figures = {
        "archive": archive,
        "runs": [asdict(few), asdict(many)],
        "sentences_per_second": (many.sentences - few.sentences) / (many.seconds - few.seconds),
        "peak_ratio": many.peak_mib / few.peak_mib,
        "shares": by_stage,
        "share_besides_network": 1 - by_stage["network"],
    }
    for done in (few, many):
        print(f"{done.sentences:7} sentences: {done.seconds:7.1f} s, peak {done.peak_mib:.0f} MiB")
    print(f"{figures['sentences_per_second']:.0f} sentences per second besides the start")
    print(f"peak memory of the second run: {figures['peak_ratio']:.2f} times that of the first")
    for stage, share in by_stage.items():
        print(f"{stage:10} {share:6.1%}")
    print(f"all besides the network: {figures['share_besides_network']:.1%}")
    machine.write(options.output, here, figures)


if __name__ == "__main__":
    main()
