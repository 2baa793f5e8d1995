"""Effects of labels in worlds whose effects are known: how far off are they, and do the intervals hold the truth?

python benchmarks/synthetic_effects.py

Each world is a data set of its own (`causal-mtl synthesize --seed`), with models of several seeds. Gold labels
are handed on in training (`training_config/synthetic/gold.jsonnet`), labels that are missing are summed over, and
so are all labels in inference. Effects of each label of A on each outcome of B, and on C, which A does not touch;
of the texts that have the label. With `--bootstrap` each model is trained on a bootstrap sample of its world's
texts, so that intervals know of the training data.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import machine
import numpy as np

OVERRIDES = {
    "model.label_sampler": {"type": "gold", "missing": "marginal"},
    "model.inference": {"type": "marginal"},
}


def world(seed: int, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Make one world, train on it, and set estimates beside the truth."""
    from causal_mtl import train
    from causal_mtl.analysis.effects import LabelQuestion, label_effects
    from causal_mtl.commands.main import main as command

    data = folder / "synthetic"
    command(["synthesize", str(data), "--seed", str(seed), "--missing", str(options.missing)])
    os.environ["CAUSAL_MTL_DATA"] = str(folder)
    archives = [folder / f"model-{number}" for number in range(1, options.models + 1)]
    for number, archive in enumerate(archives, 1):
        config = machine.ROOT / "training_config/synthetic/gold.jsonnet"
        drawn = {"train_bootstrap": True} if options.bootstrap else {}
        train(config, archive, overrides={**OVERRIDES, **drawn, "random_seed": number})
    question = LabelQuestion("A", "B", nulls=[("C", "")], split=False, samples=options.samples)
    report = label_effects(archives, str(data / "dev.jsonl"), question)
    true = {
        (row["target"], row["label"], row["outcome"]): row["effect"]
        for row in json.loads((data / "truth.json").read_text(encoding="utf-8"))["effects"]
        if row["population"] == "labelled"
    }
    found = [
        {
            **{key: row[key] for key in ("label", "target", "outcome")},
            **row["paths"]["total"],
            "truth": true[row["target"], row["label"], row["outcome"]],
        }
        for row in [*report["effects"], *report["known_nulls"]]
        if row["population"] == "labelled"
    ]
    return {"seed": seed, "effects": found, "known_nulls_by_model": _largest_null(report)}


def _largest_null(report: dict[str, Any]) -> float:
    """Of all models alone."""
    rows = [row for row in report["known_nulls"] if row["population"] == "labelled"]
    return max(abs(value) for row in rows for value in row["by_model"])


def summary(worlds: list[dict[str, Any]], target: str) -> dict[str, float]:
    """Over the effects on one target in all worlds."""
    rows = [row for one in worlds for row in one["effects"] if row["target"] == target]
    errors = np.array([abs(row["effect"] - row["truth"]) for row in rows])
    covered = [row["low"] <= row["truth"] <= row["high"] for row in rows]
    return {
        "effects": len(rows),
        "mean_error": float(errors.mean()),
        "largest_error": float(errors.max()),
        "within_0.02": float((errors <= 0.02).mean()),
        "within_0.05": float((errors <= 0.05).mean()),
        "covered": float(np.mean(covered)),
        "mean_width": float(np.mean([row["high"] - row["low"] for row in rows])),
    }


def main() -> None:
    options = machine.parser(__doc__, "synthetic_effects")
    options.add_argument("--worlds", type=int, default=5, help="seeds of the data (default: %(default)s)")
    options.add_argument("--models", type=int, default=3, help="seeds of each world (default: %(default)s)")
    options.add_argument("--missing", type=float, default=0.0, help="share without A (default: %(default)s)")
    options.add_argument("--bootstrap", action="store_true", help="of the training data, for each model")
    options.add_argument("--samples", type=int, default=2000, help="of the bootstrap (default: %(default)s)")
    given = options.parse_args()
    described = machine.describe(given.threads)
    worlds = []
    for seed in range(given.worlds):
        with tempfile.TemporaryDirectory() as folder:
            worlds.append(world(seed, Path(folder), given))
        print(json.dumps({target: summary(worlds[-1:], target) for target in ("B", "C")}), flush=True)
    figures = {target: summary(worlds, target) for target in ("B", "C")}
    print(json.dumps(figures, indent=1))
    settings = {key: getattr(given, key) for key in ("worlds", "models", "missing", "bootstrap")}
    machine.write(given.output, described, {"settings": settings, "summary": figures, "worlds": worlds})


if __name__ == "__main__":
    main()
