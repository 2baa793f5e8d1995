"""``causal-mtl tune-thresholds``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from causal_mtl.commands.options import positive
from causal_mtl.commands.output import check_outputs
from causal_mtl.common import ConfigurationError


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "tune-thresholds",
        help="choose a trained model's decision thresholds by label",
        description="Find the decision thresholds of one task that give the highest micro F1 on labelled data, "
        "and write the model with them. They stand in its config as threshold and label_thresholds of the task.",
        epilog='Printed are F1 as trained; with the tuned thresholds on the same data ("tuned": it flatters); and '
        'with thresholds tuned on other sentences than those they are scored on ("cross_validated").',
    )
    parser.add_argument("archive", metavar="ARCHIVE", help="a model.tar.gz, or the directory of a training")
    parser.add_argument(
        "data", metavar="DATA", help="a file (or URL) of labelled data that training did not see"
    )
    parser.add_argument(
        "-s", "--save-to", metavar="FILE", required=True, help="the new model.tar.gz; it must not exist"
    )
    parser.add_argument(
        "--measure",
        metavar="MEASURE",
        help="an F1 of the task, such as relations/exact_f1 (default: the validation_metric of the training)",
    )
    parser.add_argument(
        "--min-count",
        metavar="N",
        type=positive,
        default=50,
        help="labels with fewer gold items in DATA share one threshold (default: %(default)s)",
    )
    parser.add_argument(
        "--folds",
        metavar="N",
        type=positive,
        default=10,
        help="of the cross-validation (default: %(default)s)",
    )
    parser.add_argument(
        "--floor",
        metavar="P",
        type=float,
        default=0.01,
        help="no threshold is below this probability (default: %(default)s)",
    )
    return parser


def run(options: argparse.Namespace) -> None:
    """Tune, print what it brings, write the archive."""
    final = Path(options.save_to)
    if final.exists():
        raise ConfigurationError(f"{final} exists: remove it, or choose another name")
    check_outputs(save_to=final)
    if options.folds < 2:
        raise ConfigurationError("--folds: at least 2")

    from causal_mtl.analysis.thresholds import tune_archive

    report = tune_archive(
        options.archive,
        options.data,
        final,
        measure=options.measure,
        min_count=options.min_count,
        folds=options.folds,
        floor=options.floor,
    )
    print(json.dumps(report, indent=2, ensure_ascii=False))
