"""``causal-mtl build-vocab``."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "build-vocab",
        help="count a vocabulary",
        description="Count the vocabulary of a config into a directory, which a config can name as "
        '"vocabulary": {"type": "from_files", "directory": DIRECTORY}. Words of pretrained vectors are not in it: '
        "the model adds them.",
    )
    parser.add_argument("config", metavar="CONFIG", help="a jsonnet or JSON file")
    parser.add_argument(
        "-s", "--save-to", metavar="DIRECTORY", required=True, help="a new or empty directory"
    )
    parser.add_argument("-o", "--overrides", default="", help="changes to the config as jsonnet")
    return parser


def run(options: argparse.Namespace) -> None:
    """Count, save and say how many of what there are."""
    from causal_mtl.training.config_file import read_config
    from causal_mtl.training.experiment import Experiment

    vocab = Experiment(read_config(options.config, options.overrides)).vocabulary()
    vocab.save_to_files(options.save_to)
    for namespace in sorted(vocab.get_namespaces()):
        print(f"{namespace}: {vocab.get_vocab_size(namespace):,}")
