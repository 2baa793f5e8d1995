"""``causal-mtl serve``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from causal_mtl.commands.options import add_batch_size, add_engine_options, check_engine_options

PORT = 8000


def add_parser(subcommands: Any) -> argparse.ArgumentParser:
    """Add this subcommand's parser."""
    parser = subcommands.add_parser(
        "serve",
        help="a page to type texts, correct labels and see what follows",
        description="Serve a page on this machine alone (127.0.0.1): type a text, see the labels of each task, "
        "set one and see what becomes of the others, see which words matter, export the result as gold. "
        "Several models stand side by side.",
        epilog="Ctrl-C ends it. Needs starlette and uvicorn: pip install 'causal-mtl[page]'.",
    )
    parser.add_argument(
        "archives", metavar="ARCHIVE", nargs="+", help="a model.tar.gz, or the directory of a training"
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=PORT,
        help="where the page is served; 0 takes any port that is free (default: %(default)s)",
    )
    add_batch_size(parser, "texts at a time, n-grams hidden")
    add_engine_options(parser)
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number < 1 << 16:
        raise ValueError
    return number


def run(options: argparse.Namespace) -> None:
    """Load the models and serve them until Ctrl-C."""
    from causal_mtl.analysis.effects import label_probabilities, word_effects
    from causal_mtl.integrations.page.analysis import Analysis
    from causal_mtl.integrations.page.served import ServedModel
    from causal_mtl.integrations.page.server import import_uvicorn, listen, serve
    from causal_mtl.predictors import load

    import_uvicorn()
    check_engine_options(options)
    with listen(
        options.port
    ) as listening:  # before models are loaded: a port that is taken is an error at once
        analysis = Analysis(label_probabilities, word_effects)
        loading = {name: getattr(options, name) for name in ("device", "batch_size", "mixed_precision")}
        names = short_names(options.archives)
        models = [
            ServedModel(name, load(path, **loading), analysis)
            for name, path in zip(names, options.archives, strict=True)
        ]
        serve(
            models,
            listening,
            lambda url: print(f"{url} shows {', '.join(names)}; Ctrl-C ends it", flush=True),
        )


def short_names(archives: Sequence[str]) -> list[str]:
    """What the page calls the models: the directory of each, or whole paths where two would be the same."""
    names = [_directory(Path(path)) or path for path in archives]
    return names if len(set(names)) == len(names) else list(archives)


def _directory(path: Path) -> str:
    return path.parent.name if path.name == "model.tar.gz" else path.name
