"""What setting an aspect says of a model's rating, against what the model does on edited reviews (CEBaB).

causal-mtl sweep training_config/cebab/*.jsonnet -s runs/cebab --seeds 3
python benchmarks/cebab_edits.py --runs runs/cebab

`causal-mtl effects edits` for each configuration in `--runs` with its seeds, on the development data; errors as
CEBaB's, beside those of saying that nothing changes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cebab
import machine

ERRORS = ("l2", "cosine", "norm_difference", "expected", "order")


def rows(name: str, scores: Mapping[str, Any]) -> list[str]:
    """Of what is said, and of saying nothing, by error."""
    return [
        f"| {name}, {explanation} | " + " | ".join(interval(scores[explanation][e]) for e in ERRORS) + " |"
        for explanation in ("set label", "no effect")
    ]


def interval(of: Mapping[str, float]) -> str:
    return f"{of['mean']:.3f} [{of['low']:.3f}, {of['high']:.3f}]"


def main() -> None:
    from causal_mtl.analysis.effects import EditQuestion, edit_effects

    options = machine.parser(__doc__, "cebab_edits")
    options.add_argument("--runs", type=Path, required=True, help="trainings of `sweep`")
    options.add_argument("--pairs", choices=("all", "originals"), default="all", help="default: %(default)s")
    options.add_argument("--samples", type=int, default=1000, help="of bootstraps (default: %(default)s)")
    given = options.parse_args()
    described = machine.describe(given.threads)
    root = Path(os.environ.get("CAUSAL_MTL_DATA", machine.ROOT.parent / "shared/data"))
    question = EditQuestion("rating", pairs=given.pairs, samples=given.samples, batch_size=64)
    print(f"| | {' | '.join(ERRORS)} |\n|---|" + "---|" * len(ERRORS))
    reports = {}
    for name, archives in cebab.trainings(given.runs).items():
        report = edit_effects(archives, str(root / "cebab/dev.json"), question)
        print("\n".join(rows(name, report["scores"])), flush=True)
        reports[name] = {
            "seeds": len(archives),
            **{k: v for k, v in report.items() if k not in ("data", "models")},
        }
    machine.write(given.output, described, {"estimates": reports})


if __name__ == "__main__":
    main()
