"""``causal-mtl plot``."""

from __future__ import annotations

import argparse
from typing import Any

from causal_mtl.commands.options import drawing, positive
from causal_mtl.commands.output import check_outputs, open_output
from causal_mtl.commands.tabulate import add_runs, measures


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "plot",
        help="draw finished trainings",
        description="Draw scores of finished trainings. bars: side by side. curves: after each epoch, with the "
        "loss of the measure's task. against: against a number in their configs (--key).",
        epilog="Nothing is predicted: what is drawn was logged by the trainings. Of an export with counts by "
        "sentence scores come from these, as in tabulate. Needs matplotlib: pip install 'causal-mtl[plots]'.",
    )
    parser.add_argument("kind", metavar="KIND", choices=("bars", "curves", "against"), help="%(choices)s")
    add_runs(parser)
    parser.add_argument(
        "-o", "--output-file", metavar="FILE", type=drawing, required=True, help="a .png or .svg file"
    )
    parser.add_argument(
        "--also",
        metavar="QUANTITY",
        action="append",
        default=[],
        help="draw this in a panel of its own: anything logged for validation data, such as relations/kl, or with "
        "its prefix for training data, such as training_relations/kl (may be repeated)",
    )
    parser.add_argument("--key", help="of against: the horizontal axis, such as model.beta")
    parser.add_argument(
        "--default",
        metavar="NUMBER",
        type=float,
        help="of against: the value of the key where a config leaves it out",
    )
    parser.add_argument(
        "--along",
        metavar="KEY",
        action="append",
        default=[],
        help="of against: another key whose value changes along the lines, such as trainer.num_epochs (may be "
        "repeated)",
    )
    parser.add_argument(
        "--from-epoch",
        metavar="N",
        type=positive,
        help="of curves: where they begin (default: 1); the first epochs can press the others flat",
    )
    return parser


def run(options: argparse.Namespace) -> None:
    """Draw, and write the drawing."""
    from causal_mtl import analysis
    from causal_mtl.common import ConfigurationError

    if (options.kind == "against") != (options.key is not None):
        raise ConfigurationError("plot: against needs --key KEY, and only against can have it")
    if options.kind != "against" and (options.along or options.default is not None):
        raise ConfigurationError("plot: only against can have --along and --default")
    if options.from_epoch and options.kind != "curves":
        raise ConfigurationError("plot: only curves can have --from-epoch")
    check_outputs(output_file=options.output_file)
    runs = analysis.read_runs(options.runs, options.skip_unfinished, options.only)
    measure, *others = measures(options, runs)
    drawn = measure, [*others, *options.also]
    if options.kind == "bars":
        figure = analysis.plot_bars(analysis.configurations(runs), *drawn)
    elif options.kind == "curves":
        figure = analysis.plot_curves(analysis.configurations(runs), *drawn, options.from_epoch or 1)
    else:
        figure = analysis.plot_against(
            analysis.series(runs, options.key, options.along, options.default), options.key, *drawn
        )
    with open_output(options.output_file) as output:
        output.write(analysis.figure_bytes(figure, options.output_file.suffix))
