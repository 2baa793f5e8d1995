"""``causal-mtl predict``."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from causal_mtl.commands.options import add_batch_size, add_engine_options, check_engine_options, positive
from causal_mtl.commands.output import STANDARD, as_line, check_outputs, open_output, standard_input


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
        "input",
        metavar="INPUT",
        help="a JSON file (.gz and .zip too), or - for standard input; with --engine ray a .jsonl, .jsonl.gz or "
        ".parquet file, a folder of them, or a pattern in quotes",
    )
    parser.add_argument(
        "--output-file",
        metavar="FILE",
        help="where to write; - is standard output (the default); what ends in .gz is compressed; .parquet with "
        "--engine ray only",
    )
    parser.add_argument("--readable", action="store_true", help="write for people, not JSON")
    add_batch_size(parser)
    parser.add_argument(
        "--on-error",
        choices=("stop", "skip"),
        default="stop",
        help='at a bad line: stop, or write {"line": number, "error": message} in its place (default: stop)',
    )
    add_engine_options(parser)
    parser.add_argument(
        "--engine",
        choices=("plain", "ray"),
        default="plain",
        help="plain: in this process; ray: in --workers processes, on the cluster that RAY_ADDRESS names or here "
        "(needs causal-mtl[ray]; default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="with --engine ray: processes that predict, each with the model, a CPU and, with cuda, a GPU "
        "(default: as many as this machine has CPUs, or GPUs)",
    )
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


def run(options: argparse.Namespace) -> int:
    """Predict line by line; 1 if lines were skipped."""
    _check_engine(options)
    check_outputs(output_file=options.output_file or STANDARD)
    done, skipped = _with_ray(options) if options.engine == "ray" else _here(options)
    if sys.stderr is not None:
        more = f", {skipped} lines skipped" if skipped else ""
        print(f"{done - skipped} texts labelled{more}", file=sys.stderr)
    return 1 if skipped else 0


def _check_engine(options: argparse.Namespace) -> None:
    """Refuse what the engine does not do.

    Raises:
        ConfigurationError: names the option.
    """
    from causal_mtl.common import ConfigurationError

    if options.engine == "ray":
        if options.input == STANDARD:
            raise ConfigurationError("--engine ray reads files, not standard input")
        if options.readable and _is_parquet(options.output_file):
            raise ConfigurationError("--readable: a Parquet file is not for people")
    elif options.workers is not None:
        raise ConfigurationError("--workers is for --engine ray; the plain engine predicts in this process")
    elif _is_parquet(options.input) or _is_parquet(options.output_file):
        raise ConfigurationError("Parquet files are for --engine ray; the plain engine reads and writes JSON")


def _here(options: argparse.Namespace) -> tuple[int, int]:
    """Predict in this process; how many lines were written, and how many of them are errors."""
    from causal_mtl.common import ConfigurationError
    from causal_mtl.predictors import load

    if options.input == STANDARD:
        standard_input()
    elif not Path(options.input).exists() or Path(options.input).is_dir():
        raise ConfigurationError(f"predict: there is no file {options.input!r}")
    check_engine_options(options)
    predictor = load(options.archive, **_loading(options))
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
    return done, skipped


def _with_ray(options: argparse.Namespace) -> tuple[int, int]:
    """Predict in processes of Ray; how many lines were written, and how many of them are errors."""
    from causal_mtl.integrations.ray_engine.engine import Job, predict
    from causal_mtl.integrations.ray_engine.inputs import find_inputs
    from causal_mtl.integrations.ray_engine.session import import_ray, session
    from causal_mtl.integrations.ray_engine.worker import Settings
    from causal_mtl.predictors import load

    import_ray()
    files = find_inputs(options.input, options.output_file)
    if "RAY_ADDRESS" not in os.environ:  # a cluster's machines can have what this one lacks
        check_engine_options(options)
    loading = _loading(options)
    # What is wrong with the archive is said here, and so are its warnings: once, and before Ray starts.
    checked = load(options.archive, **{**loading, "device": "cpu", "mixed_precision": "no"})
    settings = Settings(
        archive=str(Path(options.archive).absolute()) if Path(options.archive).exists() else options.archive,
        written=as_text if options.readable else as_line,
        on_error=options.on_error,
        loading={**loading, "include_package": options.include_package},
        directory=str(Path.cwd()),
        several_files=len(files) > 1,
    )
    workers = options.workers or _processors(options.device)
    job = Job(files, settings, workers, checked.window_size)
    del checked
    done = skipped = 0
    # Ray prints what happens to its processes, and not always to standard error.
    with (
        _parts(options.output_file, files) as write,
        redirect_stdout(sys.stderr),
        session(workers, options.device),
    ):
        for part in predict(job):
            write(part.lines)
            done += len(part.lines)
            skipped += part.skipped
    return done, skipped


def _loading(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `predictors.load`."""
    names = ("overrides", "device", "predictor", "batch_size", "mixed_precision", "given_gold")
    return {name: getattr(options, name) for name in names}


def _processors(device: str) -> int:
    """How many GPUs, or CPUs, this machine has; at least 1."""
    import torch

    return max(1, torch.cuda.device_count() if device == "cuda" else os.cpu_count() or 1)


def _is_parquet(path: str | None) -> bool:
    return path is not None and path.endswith(".parquet")


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


@contextmanager
def _parts(path: str | None, inputs: Sequence[Path]) -> Iterator[Callable[[list[bytes]], None]]:
    """What writes the lines of a window: into a Parquet file if the name says so."""
    from causal_mtl.integrations.ray_engine.parquet_output import ParquetOutput

    with open_output(path) as output:
        if not _is_parquet(path):
            yield output.writelines
            return
        table = ParquetOutput(output, inputs)
        try:
            yield table.write
        finally:
            table.close()
