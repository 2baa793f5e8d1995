"""``causal-mtl effects edits``."""

from __future__ import annotations

import argparse
import logging
from typing import Any

from causal_mtl.commands.options import add_batch_size, add_bootstrap, add_device, add_report
from causal_mtl.commands.output import STANDARD, check_outputs, write_report

logger = logging.getLogger(__name__)


def add_edits(kinds: Any) -> argparse.ArgumentParser:
    """Add the parser."""
    parser: argparse.ArgumentParser = kinds.add_parser(
        "edits",
        help="labels against human edits of the text",
        description="Of texts that people edited to change one label: compare what the model does on the edited "
        "text, p(b | X') − p(b | X), with what setting the label on the original text says that it will do, "
        "p(b | X, do(a')) − p(b | X). Errors are those of CEBaB. Versions of a text share 'original_id', edits "
        "name under 'edited_task' the task whose label they change; the reader 'cebab' sets both.",
    )
    parser.set_defaults(effects=_run)
    parser.add_argument(
        "archives", metavar="ARCHIVE", nargs="+", help="models of one configuration with different seeds"
    )
    parser.add_argument(
        "data", metavar="DATA", help="labelled texts and edits, as the config's reader reads them"
    )
    parser.add_argument("--target", metavar="TASK", required=True, help="whose predictions are looked at")
    parser.add_argument(
        "--pairs",
        choices=("all", "originals"),
        default="all",
        help="all: from original to edit, back, and between edits of the same task, as CEBaB does; originals: "
        "from original to edit (default: %(default)s)",
    )
    add_bootstrap(parser)
    add_batch_size(parser, "texts at a time")
    add_device(parser)
    add_report(parser)
    return parser


def _run(options: argparse.Namespace) -> None:
    from causal_mtl.analysis.effects import EditQuestion, edit_effects, edit_tables

    check_outputs(output_file=options.output_file or STANDARD)
    question = EditQuestion(
        options.target,
        pairs=options.pairs,
        samples=options.samples,
        seed=options.seed,
        batch_size=options.batch_size,
    )
    report = edit_effects(options.archives, options.data, question, device=options.device)
    for warning in report["warnings"]:
        logger.warning(warning)
    for reason, count in report["left_out"].items():
        logger.warning(f"{count} pairs are left out: {reason}")
    write_report(options.output_file, report, edit_tables(report) if options.readable else None)
