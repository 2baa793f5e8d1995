"""How trained models do under each kind of inference: scores, log-loss, calibration; and what labels do.

python benchmarks/sampling_and_inference.py runs/semeval14/{cmtl,hmtl,hmtl_lt}-* --data DEV --name semeval14 \\
    --effect aspect_terms aspect_categories --against '(none)'

`hmtl_lt` is trained on gold labels, `cmtl` on sampled ones, `hmtl` hands on none. Each model is evaluated by
`causal-mtl evaluate --calibration` once per inference; directories `LABEL-SEED` are seeds of one configuration.
With `--effect SOURCE TARGET` the largest effect of a label of SOURCE on one of TARGET is measured besides, by
`causal-mtl effects labels`, of the texts with the label: where it is 0 the model does not look at labels.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import command
import machine

INFERENCES = ("most_likely", "soft", "marginal")
WITHOUT_TRANSFER = ("hmtl", "stl", "mtl")
"""Configurations that hand on no labels: there is nothing to infer."""


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("runs", nargs="+", type=Path, metavar="DIR", help="trainings, LABEL-SEED each")
    options.add_argument("--data", required=True, help="labelled data")
    options.add_argument(
        "--name", required=True, help="of the output, benchmarks/results/inference_NAME.json"
    )
    options.add_argument(
        "--effect",
        nargs=2,
        metavar=("SOURCE", "TARGET"),
        help="two tasks: measure the largest effect",
    )
    options.add_argument(
        "--against", help="label that effects are taken against (default: the mean of the others)"
    )
    options.add_argument(
        "--min-support", type=int, default=20, help="of labels with an effect (default: %(default)s)"
    )
    options.add_argument("--draws", type=int, default=32, help="of `marginal` (default: %(default)s)")
    chosen = options.parse_args()
    about = machine.describe(1)
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for run in chosen.runs:
        label = run.name.rpartition("-")[0]
        effect = largest_effect(run, chosen) if chosen.effect and label not in WITHOUT_TRANSFER else {}
        for inference in ("",) if label in WITHOUT_TRANSFER else INFERENCES:
            found[label, inference].append(evaluated(run, chosen.data, inference, chosen.draws) | effect)
    rows = [
        {"configuration": label, "inference": inference, "seeds": len(results), **averages(results)}
        for (label, inference), results in found.items()
    ]
    for row in rows:
        print(json.dumps(row))
    machine.write(machine.ROOT / f"benchmarks/results/inference_{chosen.name}.json", about, {"rows": rows})


def evaluated(run: Path, data: str, inference: str, draws: int) -> dict[str, Any]:
    """The results of one model ("": as it was trained); the seed of draws is fixed, so they do not change."""
    settings: dict[str, Any] = {"type": inference} | ({"draws": draws} if inference == "marginal" else {})
    changes = ["-o", json.dumps({"model.inference": settings})] if inference else []
    line = [command.COMMAND, "evaluate", run, data, "--calibration", *changes]
    results: dict[str, Any] = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)
    calibration = {
        f"{task}/calibration_error": one["calibration_error"]
        for task, one in results.pop("calibration").items()
    }
    return results | calibration


def largest_effect(run: Path, chosen: argparse.Namespace) -> dict[str, float]:
    """Of all labels and outcomes, absolute."""
    source, target = chosen.effect
    asked = ["--source", source, "--target", target, "--total-only", "--samples", "100"]
    line = [command.COMMAND, "effects", "labels", run, chosen.data, *asked]
    line += ["--min-support", str(chosen.min_support)]
    line += ["--against", chosen.against] if chosen.against else []
    report = json.loads(subprocess.run(line, check=True, capture_output=True).stdout)
    totals = [row["paths"]["total"]["effect"] for row in report["effects"] if row["population"] == "labelled"]
    return {"largest_effect": max(map(abs, totals))}


def averages(results: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """Mean, and standard deviation where there are several seeds, of every number but times."""
    kept = [name for name, value in results[0].items() if isinstance(value, float) and "seconds" not in name]
    return {name: _spread([result[name] for result in results]) for name in kept}


def _spread(values: Sequence[float]) -> list[float]:
    mean = [round(statistics.mean(values), 5)]
    return [*mean, round(statistics.stdev(values), 5)] if len(values) > 1 else mean


if __name__ == "__main__":
    main()
