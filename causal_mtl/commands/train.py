"""``causal-mtl train``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causal_mtl.data import Vocabulary
    from causal_mtl.models import Model


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "train",
        help="train a model",
        description="Train a model and pack it into DIRECTORY/model.tar.gz.",
        epilog="The whole config is checked before any data is read, and all mistakes are reported together.",
    )
    parser.add_argument("config", metavar="CONFIG", help="a jsonnet or JSON file")
    parser.add_argument(
        "-s",
        "--serialization-dir",
        metavar="DIRECTORY",
        help="where everything is written; required but for --dry-run",
    )
    parser.add_argument(
        "-o",
        "--overrides",
        default="",
        help="""changes to the config, such as '{"trainer.num_epochs": 5, "model.tasks.1.weight": 2}'""",
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("-f", "--force", action="store_true", help="delete the training in DIRECTORY first")
    existing.add_argument("-r", "--recover", action="store_true", help="go on with the training in DIRECTORY")
    existing.add_argument(
        "--dry-run", action="store_true", help="build vocabulary and model, print their sizes, write nothing"
    )
    return parser


def run(options: argparse.Namespace) -> int:
    """Train, or show what would be trained; 1 if the training came to nothing."""
    from causal_mtl.common import ConfigurationError
    from causal_mtl.training import NonFiniteError
    from causal_mtl.training.config_file import read_config
    from causal_mtl.training.execution import Execution
    from causal_mtl.training.experiment import Experiment

    experiment = Experiment(read_config(options.config, options.overrides))
    if options.dry_run:
        _show(*experiment.dry_run())
        return 0
    if options.serialization_dir is None:
        raise ConfigurationError("train: -s DIRECTORY is required (unless --dry-run is given)")
    try:
        directory = Path(options.serialization_dir)
        result = Execution(experiment, directory, force=options.force, recover=options.recover).run()
    except NonFiniteError as error:
        print(f"causal-mtl: {error}", file=sys.stderr)
        return 1
    if os.environ.get("RANK", "0") != "0":  # torchrun: the first process speaks for all
        return 0
    for name, value in result.metrics.items():
        print(f"{name}: {value:.4f}" if isinstance(value, float) else f"{name}: {value}")
    print(f"trained model: {result.archive}")
    return 0


def _show(vocab: Vocabulary, model: Model) -> None:
    """The sizes of the vocabulary's namespaces and of each part of the model."""
    for namespace in sorted(vocab.get_namespaces()):
        print(f"vocabulary {namespace}: {vocab.get_vocab_size(namespace):,}")
    parts: dict[str, int] = {}
    frozen: set[str] = set()
    for name, parameter in model.named_parameters():
        part = name.rpartition(".")[0]
        parts[part] = parts.get(part, 0) + parameter.numel()
        if not parameter.requires_grad:
            frozen.add(part)
    for part, size in parts.items():
        print(f"model {part}: {size:,} parameters" + (" (some frozen)" if part in frozen else ""))
    print(f"model: {sum(parts.values()):,} parameters in all")
