"""``causal-mtl effects``: of labels on labels, of words on labels, and two models side by side."""

from __future__ import annotations

import argparse
import logging
from typing import Any

from causal_mtl.commands.effects_of_edits import add_edits
from causal_mtl.commands.effects_of_words import add_texts
from causal_mtl.commands.options import (
    add_batch_size,
    add_bootstrap,
    add_device,
    add_report,
    drawing,
    positive,
)
from causal_mtl.commands.output import STANDARD, check_outputs, open_output, write_report, write_text

logger = logging.getLogger(__name__)


def add_parser(subcommands: Any) -> list[argparse.ArgumentParser]:
    """Add this subcommand's parser; those of its kinds are returned."""
    parser = subcommands.add_parser(
        "effects",
        help="estimate what a label or a phrase does to a prediction",
        description="labels: what setting the labels of one task does to the predictions of another (equation 10 "
        "of the CMTL paper). edits: whether that is what happens where people edit the text. ngrams: what each "
        "n-gram of a text does to a label (equation 11). compare: two models on the same texts.",
    )
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", required=True)
    labels = kinds.add_parser("labels", help="of labels on labels", description=_LABELS)
    _add_labels(labels)
    return [labels, add_edits(kinds), *add_texts(kinds)]


_LABELS = (
    "Estimate by equation 10 of the CMTL paper what the labels of one task do to the predictions of another: "
    "E[f(b | do(a))] − E[f(b | do(ā))], exactly over the other labels ā. Of a model with two paths (cmtl) total "
    "effects are split into direct ones (on heads) and indirect ones (on encoders). docs/causal-effects.md says "
    "what to trust."
)


def _add_labels(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(effects=_run_labels)
    _add_question(parser)
    _add_estimation(parser)
    _add_outputs(parser)


def _add_question(parser: argparse.ArgumentParser) -> None:
    """Which labels of what are set, and against what."""
    parser.add_argument(
        "archives", metavar="ARCHIVE", nargs="+", help="models of one configuration with different seeds"
    )
    parser.add_argument("data", metavar="DATA", help="labelled data, as the config's reader reads it")
    parser.add_argument("--source", metavar="TASK", required=True, help="the task whose labels are set")
    parser.add_argument(
        "--target", metavar="TASK", required=True, help="the task whose predictions are looked at"
    )
    parser.add_argument(
        "--labels", metavar="LABEL", nargs="+", default=[], help="of the source (default: all)"
    )
    parser.add_argument(
        "--against",
        metavar="LABEL",
        default="",
        help="the one label that all stand against; of mentions and relations also '(none)'; not where a text has "
        "many labels, each of which stands against its absence (default: all others)",
    )
    parser.add_argument(
        "--weights",
        choices=("uniform", "frequency"),
        default="uniform",
        help="of the other labels (default: %(default)s)",
    )
    parser.add_argument(
        "--frequencies-from",
        metavar="FILE",
        help="count labels there, such as in the training data (default: DATA)",
    )
    parser.add_argument(
        "--between",
        choices=("predicted", "held"),
        default="predicted",
        help="tasks between source and target: predicted anew, or held at their gold (default: %(default)s)",
    )
    parser.add_argument(
        "--given-gold", metavar="TASK", nargs="+", default=[], help="set the gold of these tasks throughout"
    )
    parser.add_argument(
        "--known-null",
        metavar="TASK[/OUTCOME]",
        type=_outcome,
        nargs="+",
        default=[],
        help="what the source is known not to affect: effects that are no larger are not to be trusted",
    )
    parser.add_argument(
        "--expected",
        action="store_true",
        help="labels of the target are numbers: also the effect on their mean",
    )
    parser.add_argument(
        "--total-only", action="store_true", help="do not split by path: n passes for n labels, not n²"
    )


def _add_estimation(parser: argparse.ArgumentParser) -> None:
    """How effects are estimated and judged."""
    parser.add_argument(
        "--min-support",
        metavar="N",
        type=positive,
        default=20,
        help="leave out labels with fewer cases (default: %(default)s)",
    )
    parser.add_argument(
        "--fdr",
        metavar="Q",
        type=float,
        default=0.05,
        help="share of false discoveries among the effects that are called found (default: %(default)s)",
    )
    add_bootstrap(parser)
    add_batch_size(parser)
    add_device(parser)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    """What is written, and where."""
    add_report(parser)
    parser.add_argument("--csv", metavar="FILE", help="one line per effect")
    parser.add_argument(
        "--heat-map", metavar="FILE", type=drawing, help="a .png or .svg file: labels against outcomes"
    )
    parser.add_argument(
        "--population",
        choices=("labelled", "all"),
        default="labelled",
        help="that the heat map shows: cases that have the label, or all (default: %(default)s)",
    )


def _outcome(text: str) -> tuple[str, str]:
    task, _, outcome = text.partition("/")
    if not task:
        raise ValueError
    return task, outcome


def run(options: argparse.Namespace) -> int | None:
    """Estimate the kind of effects that is asked for."""
    status: int | None = options.effects(options)
    return status


def _run_labels(options: argparse.Namespace) -> None:
    from causal_mtl.analysis.drawing import figure_bytes, plot_effects
    from causal_mtl.analysis.effects import LabelQuestion, as_csv, effect_tables, label_effects
    from causal_mtl.common import ConfigurationError

    if not 0 < options.fdr <= 1:
        raise ConfigurationError(f"--fdr: expected a number above 0, of 1 at most, got {options.fdr}")
    if options.frequencies_from and options.weights != "frequency":
        raise ConfigurationError("--frequencies-from: has no effect without --weights frequency")
    check_outputs(output_file=options.output_file or STANDARD, csv=options.csv, heat_map=options.heat_map)
    question = LabelQuestion(
        options.source,
        options.target,
        labels=options.labels,
        against=options.against,
        weights=options.weights,
        between=options.between,
        given_gold=options.given_gold,
        nulls=options.known_null,
        expected=options.expected,
        split=not options.total_only,
        min_support=options.min_support,
        fdr=options.fdr,
        samples=options.samples,
        seed=options.seed,
        batch_size=options.batch_size,
    )
    report = label_effects(
        options.archives,
        options.data,
        question,
        frequencies_from=options.frequencies_from,
        device=options.device,
    )
    for warning in report["warnings"]:
        logger.warning(warning)
    for label, cases in report["left_out"].items():
        logger.warning(f"{label!r} is left out: {cases} cases (--min-support {options.min_support})")
    write_report(options.output_file, report, effect_tables(report) if options.readable else None)
    if options.csv:
        write_text(options.csv, as_csv(report))
    if options.heat_map:
        with open_output(options.heat_map) as file:
            file.write(figure_bytes(plot_effects(report, options.population), options.heat_map.suffix))
