"""``causal-mtl synthesize``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from causal_mtl.commands.options import positive
from causal_mtl.commands.output import as_line, check_outputs, open_output, write_text

WORLD = {
    "labels": (3, "of each task"),
    "strength": (0.5, "of the effect of A on B: what A = a adds to the probability of B = a"),
    "confounding": (0.3, "of B and of C with A through the text"),
    "certainty": (0.7, "of A given the text: the highest p(A | text)"),
    "interaction": (0.0, "how much stronger the effect is where the text has the first topic"),
    "missing": (0.0, "share of the training texts without a gold label of A"),
}
"""Parameters of the world: default and what they are."""


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "synthesize",
        help="make data whose causal effects are known",
        description="Write texts with labels of A, B and C in the library's own schema: a text decides A in part, "
        "text and A decide B, the text alone decides C. DIR gets train.jsonl, dev.jsonl and truth.json, with the "
        "true effect of each label of A on each of B and C beside what a naive comparison finds "
        "(docs/causal-effects.md).",
    )
    parser.add_argument("directory", metavar="DIR", help="where to write; it is made if need be")
    for name, count in (("train", 4000), ("dev", 1000)):
        parser.add_argument(
            f"--{name}", metavar="N", type=positive, default=count, help="texts (default: %(default)s)"
        )
    for name, (default, what) in WORLD.items():
        parser.add_argument(
            f"--{name}",
            metavar="N" if name == "labels" else "P",
            type=type(default),
            default=default,
            help=f"{what} (default: %(default)s)",
        )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="one seed, one data set (default: %(default)s)"
    )
    return parser


def run(options: argparse.Namespace) -> None:
    """Write training data, development data (with all gold) and the truth."""
    from dataclasses import replace

    from causal_mtl.data import to_json
    from causal_mtl.data.synthetic import World

    world = World(**{name: getattr(options, name) for name in WORLD})
    folder = Path(options.directory)
    sets = {
        "train": (world, options.train, 2 * options.seed),
        "dev": (replace(world, missing=0.0), options.dev, 2 * options.seed + 1),
    }
    check_outputs(**{name: folder / f"{name}.jsonl" for name in sets}, truth=folder / "truth.json")
    for name, (drawn, count, seed) in sets.items():
        with open_output(folder / f"{name}.jsonl") as file:
            for instance in drawn.instances(count, seed):
                file.write(as_line(to_json(instance)))
    truth = {
        **world.truth(),
        "seed": options.seed,
        "texts": {name: count for name, (_, count, _) in sets.items()},
    }
    write_text(folder / "truth.json", json.dumps(truth, indent=2) + "\n")
    print(f"{folder}: {options.train} + {options.dev} texts and truth.json", file=sys.stderr)
