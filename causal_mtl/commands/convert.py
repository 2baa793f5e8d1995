"""``causal-mtl convert``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import Any

from causal_mtl.commands.output import as_line, check_outputs, open_output


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "convert",
        help="write any data as jsonl",
        description="Read a file in any format that there is a reader for, and write it in the library's own "
        "schema (docs/data.md), which the reader jsonl reads.",
    )
    parser.add_argument("input", metavar="IN", help="a file, folder or URL")
    parser.add_argument("output", metavar="OUT", help="a file of JSON lines; - is standard output")
    parser.add_argument(
        "--reader",
        metavar="READER",
        required=True,
        help="the name of a reader, or its config as JSON, such as "
        '\'{"type": "conll", "tags": {"entities": 3}}\' (`causal-mtl components DatasetReader` lists them)',
    )
    return parser


def run(options: argparse.Namespace) -> None:
    """Convert record by record; what the reader counted goes to standard error."""
    from causal_mtl.common import resolve
    from causal_mtl.common.jsonnet import evaluate_text
    from causal_mtl.data import DatasetReader, to_json

    described = options.reader.lstrip().startswith("{")
    config = evaluate_text(options.reader, name="--reader") if described else options.reader
    reader = resolve(DatasetReader, config, path="--reader").build()
    check_outputs(out=options.output)
    notes: Counter[str] = Counter()
    count = 0
    with open_output(options.output) as file:
        for instance in reader.read(options.input):
            file.write(as_line(to_json(instance)))
            notes += instance.notes
            count += 1
        file.flush()
    counted = "".join(f"; {note}: {number}" for note, number in sorted(notes.items()))
    print(f"{count} records written{counted}", file=sys.stderr)
