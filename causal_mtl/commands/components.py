"""``causal-mtl components``."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "components",
        help="list what a config can name",
        description="List the base classes; the components registered for one; or the parameters of a component.",
    )
    parser.add_argument("base", metavar="BASE", nargs="?", help="such as Task or TokenEmbedder")
    parser.add_argument("name", metavar="NAME", nargs="?", help="such as sequence_tagging")
    return parser


def run(options: argparse.Namespace) -> None:
    """Print the catalogue."""
    import causal_mtl.predictors
    import causal_mtl.training.experiment  # noqa: F401 - with it all components are registered
    from causal_mtl.common.catalog import describe

    print(describe(options.base, options.name))
