"""Options that several subcommands have, and the types of their values."""

from __future__ import annotations

import argparse
from pathlib import Path


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def drawing(text: str) -> Path:
    """A file whose suffix says how to draw."""
    path = Path(text)
    if path.suffix not in (".png", ".svg"):
        raise argparse.ArgumentTypeError(f"{text!r} ends neither in .png nor in .svg")
    return path


def add_batch_size(parser: argparse.ArgumentParser, of: str = "sentences at a time") -> None:
    """Add `--batch-size`."""
    parser.add_argument(
        "--batch-size", metavar="N", type=positive, default=32, help=f"{of} (default: %(default)s)"
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add `--device`."""
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: %(default)s")


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add `--device` and `--mixed-precision`."""
    add_device(parser)
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


def add_bootstrap(parser: argparse.ArgumentParser) -> None:
    """Add `--samples` and `--seed`."""
    parser.add_argument(
        "--samples", metavar="N", type=positive, default=2000, help="of the bootstrap (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="of the bootstrap (default: %(default)s)"
    )


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add `--readable` and `--output-file`."""
    parser.add_argument("--readable", action="store_true", help="write tables for people, not JSON")
    parser.add_argument(
        "--output-file", metavar="FILE", help="the report; - is standard output (the default)"
    )
