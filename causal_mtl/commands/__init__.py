"""The command line. One file per subcommand: its parser, and a function that imports what it needs and prints."""

from causal_mtl.commands.main import main

__all__ = ["main"]
