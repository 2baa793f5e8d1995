"""``causal-mtl find-lr``."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "find-lr",
        help="look for a learning rate",
        description="Train for some steps with a learning rate that grows exponentially and print rate and loss "
        "of each step, tab-separated, then a rate to try: a tenth of the one at which the loss was lowest.",
    )
    parser.add_argument("config", metavar="CONFIG", help="a jsonnet or JSON file")
    parser.add_argument("-o", "--overrides", default="", help="changes to the config as jsonnet")
    parser.add_argument(
        "--start-lr", type=float, default=1e-6, help="rate of the first step (default: %(default)s)"
    )
    parser.add_argument(
        "--end-lr", type=float, default=1.0, help="rate of the last step (default: %(default)s)"
    )
    parser.add_argument("--num-steps", type=int, default=100, help="how many (default: %(default)s)")
    return parser


def run(options: argparse.Namespace) -> None:
    """Print the curve and what it suggests."""
    from causal_mtl.training import Engine, find_lr
    from causal_mtl.training.config_file import read_config
    from causal_mtl.training.experiment import Experiment
    from causal_mtl.training.frozen_cache import use_cache

    experiment = Experiment(read_config(options.config, options.overrides))
    model, loaders, _ = experiment.ready(experiment.vocabulary())
    loader = loaders["train"]
    settings = experiment.settings
    device = Engine(settings.trainer.device, settings.trainer.mixed_precision).device
    use_cache(model, [(settings.paths()["train"], loader)], device, make=False)
    curve = find_lr(
        experiment.settings.trainer,
        model,
        loader,
        batching=experiment.settings.data_loader,
        start_lr=options.start_lr,
        end_lr=options.end_lr,
        num_steps=options.num_steps,
        seed=experiment.settings.random_seed,
    )
    print("learning rate\tloss")
    for rate, loss in curve.points:
        print(f"{rate:.3g}\t{loss:.5g}")
    if curve.suggestion is None:
        print("the loss did not fall at any of these rates")
    else:
        print(f"a rate to try: {curve.suggestion:.2g} (a tenth of the one at which the loss was lowest)")
