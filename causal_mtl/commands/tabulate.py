"""``causal-mtl tabulate``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causal_mtl.analysis import FinishedRun

from causal_mtl.commands.output import STANDARD, check_outputs, write_text


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "tabulate",
        help="compare finished trainings",
        description="Print scores of finished trainings, one row per configuration: directories that are "
        "called LABEL-SEED are one configuration LABEL.",
        epilog="--compare, --by, --data and --export predict the data with each trained model, once: what was "
        "found in each sentence is kept in DIR/counts.",
    )
    add_runs(parser)
    parser.add_argument(
        "--compare",
        metavar="SYSTEM:BASELINE",
        type=pair,
        action="append",
        default=[],
        help="print the difference of two labels and its 95%% paired bootstrap interval (may be repeated)",
    )
    parser.add_argument(
        "--by",
        choices=("overlap", "triples"),
        action="append",
        default=[],
        help="print the measure of a task of relations by the sentences' kind of overlap (Normal, EPO, SEO) or "
        "number of triples (may be repeated)",
    )
    parser.add_argument(
        "--data", metavar="FILE", help="score on this labelled data (default: the validation data)"
    )
    parser.add_argument(
        "--format", choices=("text", "markdown", "latex"), default="text", help="default: %(default)s"
    )
    parser.add_argument(
        "--output-file", metavar="FILE", help="write the tables there; - is standard output (the default)"
    )
    parser.add_argument(
        "--export",
        metavar="FILE",
        help="write configs, metrics, curves, versions, hashes and counts by sentence of all runs as JSON",
    )
    return parser


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Add what all subcommands about finished trainings take."""
    parser.add_argument(
        "runs",
        metavar="DIR",
        nargs="+",
        help="the directory of a training, a directory that holds some, or a file that --export wrote",
    )
    parser.add_argument(
        "--only",
        metavar="LABEL",
        action="append",
        default=[],
        help="leave out all others (may be repeated; rows and lines come in this order)",
    )
    parser.add_argument(
        "--measure",
        metavar="MEASURE",
        help="such as relations/exact_f1 (default: the trainings' validation_metric)",
    )
    parser.add_argument(
        "--skip-unfinished", action="store_true", help="pass over what is not a finished training"
    )


def pair(text: str) -> tuple[str, str]:
    """Two labels with a colon between."""
    system, _, baseline = text.partition(":")
    if not system or not baseline:
        raise ValueError
    return system, baseline


def measures(options: argparse.Namespace, runs: Sequence[FinishedRun]) -> list[str]:
    """The measure that is asked for, else those by which the trainings chose their best epochs."""
    from causal_mtl import analysis

    return [options.measure] if options.measure else analysis.deciding([run.config for run in runs])


def run(options: argparse.Namespace) -> None:
    """Print the tables, and export what they stand on."""
    from causal_mtl import analysis

    check_outputs(output_file=options.output_file or STANDARD, export=options.export)
    runs = analysis.read_runs(options.runs, options.skip_unfinished, options.only)
    asked = measures(options, runs)
    _check(runs, asked, options.compare)
    if options.compare or options.by or options.data or options.export:
        runs = [analysis.with_counts(run, options.data) for run in runs]
    configurations = analysis.configurations(runs)
    tables = []
    for measure in asked:
        tables.append(analysis.score_table(configurations, measure))
        tables += [analysis.breakdown_table(configurations, measure, by) for by in options.by]
        if options.compare:
            tables.append(analysis.comparison_table(configurations, measure, options.compare))
    tables += analysis.consistency_tables(configurations)
    text = "\n".join(analysis.render(table, options.format) for table in tables)
    write_text(options.output_file, text)
    if options.export:
        write_text(options.export, analysis.as_export(runs))


def _check(runs: Sequence[FinishedRun], measures: Iterable[str], pairs: Iterable[tuple[str, str]]) -> None:
    """Find mistakes before the models predict, which can take long."""
    from causal_mtl import analysis

    configurations = analysis.configurations(runs)
    analysis.check_labels(configurations, pairs)
    for measure in measures:
        analysis.score_table(configurations, measure)
