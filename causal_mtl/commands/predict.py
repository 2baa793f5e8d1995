"""``causal-mtl predict``."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from causal_mtl.commands.output import STANDARD, check_outputs, open_output, standard_input


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "predict",
        help="label new text",
        description='Label JSON lines, or a JSON list, each record {"text": ...} or {"tokens": [...]}, in their '
        'order; other fields come back as they are. Labels under "given" (in the form of "annotations") are kept '
        "and not predicted.",
        epilog="What is written is streamed to FILE.partial, which becomes FILE at the end; a run that fails "
        "leaves the FILE of an earlier run alone and what it has done in FILE.partial.",
    )
    parser.add_argument("archive", metavar="ARCHIVE", help="a model.tar.gz, or the directory of a training")
    parser.add_argument(
        "input", metavar="INPUT", help="a JSON file (.gz and .zip too), or - for standard input"
    )
    parser.add_argument(
        "--output-file", metavar="FILE", help="where to write; - is standard output (the default)"
    )
    parser.add_argument("--readable", action="store_true", help="write for people, not JSON")
    parser.add_argument(
        "--batch-size", type=positive, default=32, help="sentences at a time (default: %(default)s)"
    )
    parser.add_argument(
        "--on-error",
        choices=("stop", "skip"),
        default="stop",
        help='at a bad line: stop, or write {"line": number, "error": message} in its place (default: stop)',
    )
    add_engine_options(parser)
    parser.add_argument(
        "--given-gold",
        metavar="TASK",
        nargs="+",
        default=[],
        help='keep the labels of these tasks under "annotations" and predict the others from them',
    )
    parser.add_argument("--predictor", default="default", help="the registered name of a predictor")
    parser.add_argument("-o", "--overrides", default="", help="changes to the model's config as jsonnet")
    return parser


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add `--device` and `--mixed-precision`."""
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: %(default)s")
    parser.add_argument(
        "--mixed-precision",
        choices=("auto", "no", "bf16"),
        default="no",
        help="matrix products of 16 bits (bf16): faster where the hardware has them, which auto looks for; scores "
        "differ a little (default: %(default)s)",
    )


def check_engine_options(options: argparse.Namespace) -> None:
    """Refuse a device or precision that this machine lacks.

    Raises:
        ConfigurationError: names the option.
    """
    from causal_mtl.common import ConfigurationError
    from causal_mtl.nn.precision import choose_device, choose_precision

    option = "--device"
    try:
        device = choose_device(options.device)
        option = "--mixed-precision"
        choose_precision(options.mixed_precision, device)
    except ConfigurationError as error:
        raise ConfigurationError(f"{option}: {error}") from None


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Predict line by line; 1 if lines were skipped."""
    from causal_mtl.common import ConfigurationError
    from causal_mtl.predictors import load

    if options.input == STANDARD:
        standard_input()
    elif not Path(options.input).exists() or Path(options.input).is_dir():
        raise ConfigurationError(f"predict: there is no file {options.input!r}")
    check_outputs(output_file=options.output_file or STANDARD)
    check_engine_options(options)
    predictor = load(
        options.archive,
        overrides=options.overrides,
        device=options.device,
        predictor=options.predictor,
        batch_size=options.batch_size,
        mixed_precision=options.mixed_precision,
        given_gold=options.given_gold,
    )
    written = as_text if options.readable else as_line
    done = skipped = 0
    with _input(options.input) as lines, open_output(options.output_file) as output:
        for record in predictor.predict_jsonl(lines, options.on_error):
            if not done:
                # All is imported and loaded by now: garbage need not be looked for there, again and again.
                gc.freeze()
            output.write(written(record))
            done += 1
            skipped += "error" in record and "annotations" not in record
        output.flush()
    if sys.stderr is not None:
        more = f", {skipped} lines skipped" if skipped else ""
        print(f"{done - skipped} texts labelled{more}", file=sys.stderr)
    return 1 if skipped else 0


def as_line(record: Mapping[str, Any]) -> bytes:
    """A record as a line of strict JSON in UTF-8.

    Raises:
        ConfigurationError: it is no JSON: a predictor of one's own made it, or a score is NaN.
    """
    from causal_mtl.common import ConfigurationError
    from causal_mtl.data.strict_json import check

    try:
        return (json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        check(record)  # says where
        raise ConfigurationError(f"this cannot be written as JSON: {error}") from None


def as_text(record: Mapping[str, Any]) -> bytes:
    """A record as lines for people: mentions in brackets, then relations and labels."""
    from causal_mtl.data.report_text import render_instance
    from causal_mtl.data.schema import from_json
    from causal_mtl.data.tokenizers import WhitespaceTokenizer

    if "annotations" not in record:
        return as_line(record)
    lines = render_instance(from_json(record, WhitespaceTokenizer()))
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


@contextmanager
def _input(path: str) -> Iterator[Iterable[str | bytes]]:
    """The lines of a file (.gz and .zip too), or of standard input."""
    if path == STANDARD:
        yield standard_input()
        return
    from causal_mtl.data.records import open_lines

    with open_lines(Path(path)) as lines:
        yield lines
