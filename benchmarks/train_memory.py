"""Peak resident memory of a PMEI training after each epoch: is it flat?

python benchmarks/train_memory.py --epochs 30 --sentences 1000

`causal-mtl train` on `training_config/webnlg/pmei.jsonnet`, in fp32, with the first sentences of its data. The
peak is that of the whole process (torch itself included) since its start, so it can only grow.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import command
import machine


def main() -> None:
    options = machine.parser(__doc__, "train_memory")
    options.add_argument("--epochs", type=int, default=5, help="(default: %(default)s)")
    options.add_argument(
        "--sentences", type=int, help="of training data and of dev data, at most (default: all)"
    )
    chosen = options.parse_args()
    about = machine.describe(chosen.threads)
    changes = {"trainer.num_epochs": chosen.epochs, "dataset_reader.max_instances": chosen.sentences}
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "run"
        config = machine.ROOT / "training_config/webnlg/pmei.jsonnet"
        arguments = ["train", config, "-s", directory, "-o", json.dumps(changes)]
        subprocess.run([command.COMMAND, *arguments], check=True, stdout=subprocess.DEVNULL)
        lines = (directory / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [
        {key: epoch[key] for key in ("epoch", "peak_memory_mb", "sentences_per_second", "validation_seconds")}
        for epoch in map(json.loads, lines)
    ]
    for row in rows:
        print("  ".join(f"{key.replace('_', ' ')} {value}" for key, value in row.items()))
    machine.write(chosen.output, about, {"sentences": chosen.sentences, "epochs": rows})


if __name__ == "__main__":
    main()
