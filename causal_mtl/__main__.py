"""``python -m causal_mtl`` and the console script ``causal-mtl``."""

from __future__ import annotations

import sys

from causal_mtl.commands import main


def run() -> None:
    """Run the command line and exit with its status."""
    sys.exit(main())


if __name__ == "__main__":
    run()
