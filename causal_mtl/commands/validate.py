"""``causal-mtl validate``."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "validate",
        help="check a config and its data",
        description="Check a config, read its data and print what is in it: label counts, lengths, kinds of "
        "overlap, what could not be placed, labels that training never shows, a few examples. Nothing is trained.",
    )
    parser.add_argument("config", metavar="CONFIG", help="a jsonnet or JSON file")
    parser.add_argument("-o", "--overrides", default="", help="changes to the config as jsonnet")
    parser.add_argument(
        "--examples", type=int, default=3, help="shown of each data set (default: %(default)s)"
    )
    return parser


def run(options: argparse.Namespace) -> None:
    """Print a report on each data set, index it, and print everything that deserves a warning."""
    from causal_mtl.data.report_text import render
    from causal_mtl.training.config_file import read_config
    from causal_mtl.training.data_report import describe_splits
    from causal_mtl.training.experiment import Experiment

    experiment = Experiment(read_config(options.config, options.overrides))
    reports = describe_splits(experiment.instances, experiment.tasks, options.examples)
    for split, report in reports.items():
        print(render(report, f"{split}: {experiment.settings.paths()[split]}"), end="\n\n")
    vocab = experiment.vocabulary()
    for split in reports:
        experiment.loader(split, vocab)  # says so if a task cannot take its labels
    found = list(experiment.problems(vocab, reports))
    print("to be aware of:" if found else "nothing to be aware of", *found, sep="\n  ")
