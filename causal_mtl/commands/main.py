"""``causal-mtl``: the parser of all subcommands, and what errors look like."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from causal_mtl.commands import (
    build_vocab,
    cache,
    components,
    convert,
    effects,
    evaluate,
    find_lr,
    plot,
    predict,
    push,
    serve,
    sweep,
    synthesize,
    tabulate,
    train,
    tune_thresholds,
    validate,
)
from causal_mtl.commands.output import drop_standard_output, finish_standard_output, flush_standard_output
from causal_mtl.common import ConfigurationError, import_package, import_plugins
from causal_mtl.common.atomic import is_full_disk
from causal_mtl.version import VERSION

_SUBCOMMANDS = (
    train, evaluate, predict, serve, push, tune_thresholds, sweep, tabulate, plot, validate, convert, build_vocab,
    find_lr, cache, effects, synthesize, components,
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; making it imports nothing heavy."""
    top = argparse.ArgumentParser(prog="causal-mtl", description="Predict labels that depend on each other.")
    top.add_argument("--version", action="version", version=f"causal-mtl {VERSION}")
    subcommands = top.add_subparsers(title="subcommands", metavar="SUBCOMMAND", required=True)
    for module in _SUBCOMMANDS:
        made = module.add_parser(subcommands)
        for sub in made if isinstance(made, list) else [made]:
            _add_common(sub)
            sub.set_defaults(run=module.run)
    return top


def _add_common(sub: argparse.ArgumentParser) -> None:
    """Add what all subcommands take."""
    sub.add_argument(
        "--include-package",
        metavar="PACKAGE",
        action="append",
        default=[],
        help="import this module or package first, for the components that it registers (may be repeated)",
    )
    sub.add_argument(
        "--debug", action="store_true", help="show the traceback of an error, and more of the log"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        arguments: without the name of the program; default: those of this process.

    Returns:
        0; 1 where the work went wrong; 2 for a mistake in the command line, a config or the data; 130 after
        Ctrl-C.
    """
    options = parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.debug else logging.WARNING, format="%(levelname)s: %(message)s"
    )
    logging.getLogger("causal_mtl").setLevel(logging.DEBUG if options.debug else logging.INFO)
    try:
        import_plugins()
        for package in options.include_package:
            import_package(package)
        status = options.run(options) or 0
        flush_standard_output()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output has seen enough
        drop_standard_output()
        return 1
    except (ConfigurationError, OSError) as error:
        if options.debug:
            raise
        finish_standard_output()
        print(f"causal-mtl: error: {_on_lines(str(error))}", file=sys.stderr)
        return 1 if is_full_disk(error) else 2


def _on_lines(message: str) -> str:
    """Several problems each on a line of its own."""
    return message.replace("\n", "\n  ") if "\n" not in message else "\n  " + message.replace("\n", "\n  ")
