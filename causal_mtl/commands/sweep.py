"""``causal-mtl sweep``."""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_mtl.commands.options import positive

if TYPE_CHECKING:
    from causal_mtl.analysis.sweep import Ended, Training

_LAST_LINES = 10


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "sweep",
        help="train many variants",
        description="Train every CONFIG with every combination of --grid values and every seed, each in "
        "ROOT/LABEL-SEED, so that `causal-mtl tabulate ROOT` compares them. Given again, the same command "
        "leaves finished trainings alone and goes on with the others.",
        epilog="All configs and directories are checked before anything is trained. What a training prints goes "
        "to ROOT/logs/LABEL-SEED.log; one that fails does not stop the others.",
    )
    parser.add_argument("configs", metavar="CONFIG", nargs="+", help="a jsonnet or JSON file")
    parser.add_argument(
        "-s", "--serialization-dir", metavar="ROOT", required=True, help="where all trainings are written"
    )
    parser.add_argument(
        "--seeds", metavar="N", type=positive, default=1, help="train with random_seed 1 to N (default: 1)"
    )
    parser.add_argument(
        "--grid",
        metavar="KEY=A,B,...",
        type=axis,
        action="append",
        default=[],
        help="values to try: JSON, or else text (may be repeated: all combinations are trained)",
    )
    parser.add_argument("-o", "--overrides", default="", help="changes to all configs as jsonnet")
    parser.add_argument(
        "--jobs", metavar="N", type=positive, default=1, help="trainings at a time (default: 1)"
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        type=positive,
        help="of each training (default: $OMP_NUM_THREADS, or else the cores divided by --jobs)",
    )
    parser.add_argument("--dry-run", action="store_true", help="list the variants and how far each one is")
    return parser


def axis(text: str) -> tuple[str, list[Any]]:
    """``key=a,b`` as the key and its values."""
    key, _, listed = text.partition("=")
    if not key or not listed:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form KEY=A,B,...")
    return key, list(_values(listed))


def _values(text: str) -> Iterator[Any]:
    """The values between commas: JSON, which may have commas of its own, or else text."""
    decoder = json.JSONDecoder(parse_constant=_no_json)
    rest = f"{text},"
    while rest := rest.lstrip():
        try:
            value, end = decoder.raw_decode(rest)
            if not (after := rest[end:].lstrip()).startswith(","):
                raise ValueError
            rest = after[1:]
        except ValueError:
            value, _, rest = rest.partition(",")
            value = value.strip()
            if value[:1] in ("", "[", "{", '"'):
                problem = f"{value!r} is not JSON" if value else "there is an empty value"
                raise argparse.ArgumentTypeError(f'{problem} in {text!r} (text may be quoted: "…")') from None
        yield value


def _no_json(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity, which Python takes and jsonnet does not


def run(options: argparse.Namespace) -> int:
    """Train what is not finished; 1 if a training failed."""
    from causal_mtl.analysis import sweep
    from causal_mtl.common import ConfigurationError
    from causal_mtl.common.jsonnet import evaluate_text

    keys = [key for key, _ in options.grid]
    if twice := [key for key, times in Counter(keys).items() if times > 1]:
        raise ConfigurationError(f"--grid is given twice for {', '.join(twice)}: give all values at once")
    overrides = evaluate_text(options.overrides, name="overrides") if options.overrides else {}
    if not isinstance(overrides, dict):
        raise ConfigurationError("overrides: expected an object at the top")
    root = Path(options.serialization_dir)
    passed_on = [word for package in options.include_package for word in ("--include-package", package)]
    passed_on += ["--debug"] if options.debug else []
    trainings = sweep.plan(
        sweep.variants(options.configs, dict(options.grid), options.seeds, overrides), root, passed_on
    )
    _print_states(trainings, each=options.dry_run)
    if options.dry_run:
        return 0

    failed: list[str] = []

    def on_end(training: Training, ended: Ended) -> None:
        _print_end(training, ended)
        if ended.failure:
            failed.append(training.name)

    threads = options.threads or _threads(options.jobs)
    try:
        sweep.train_all(
            trainings, root, jobs=options.jobs, threads=threads, on_start=_print_start, on_end=on_end
        )
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from the newest checkpoints.", flush=True)
        raise
    print(f"{len(trainings) - len(failed)} of {len(trainings)} variants are finished")
    if failed:
        print(f"failed: {', '.join(failed)} (the same command tries again)")
    return 1 if failed else 0


def _threads(jobs: int) -> int:
    """What the environment says, or else an equal share of the cores."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(given) if given.isdecimal() else max(1, cores // jobs)


def _print_states(trainings: list[Training], each: bool) -> None:
    if each:
        width = max(len(training.name) for training in trainings)
        for training in trainings:
            print(f"{training.name:{width}}  {training.state:13}  {training.directory}")
    states = Counter(training.state for training in trainings)
    counts = ", ".join(f"{number} {state}" for state, number in states.items())
    print(f"variants: {counts}", flush=True)


def _print_start(training: Training) -> None:
    print(f"{training.name}: {'resumed' if training.state == 'to be resumed' else 'started'}", flush=True)


def _print_end(training: Training, ended: Ended) -> None:
    minutes = f"{ended.minutes:.1f} minutes"
    if not ended.failure:
        scores = "".join(f"{name} {value:.4f}, " for name, value in training.scores().items())
        print(f"{training.name}: finished, {scores}{minutes}", flush=True)
        return
    print(f"{training.name}: failed ({ended.failure}) after {minutes}; the end of {training.log}:")
    lines = training.log.read_text(encoding="utf-8", errors="replace").splitlines()
    print("\n".join(f"  {line}" for line in lines[-_LAST_LINES:]), flush=True)
